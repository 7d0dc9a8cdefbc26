"""Filling an empty database with the fiction, by the same operations that staff use."""

import secrets
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from pharmacy.formulary import operations as formulary
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.ingredients import NALTREXONE
from pharmacy.formulary.rules.master_record import MasterRecord
from pharmacy.formulary.rules.usual_record import usual_record
from pharmacy.infra import keys
from pharmacy.infra.db import Database
from pharmacy.infra.keys import PrivateKey
from pharmacy.infra.printers import Networks
from pharmacy.inventory import operations as inventory
from pharmacy.inventory.models import IngredientLot
from pharmacy.inventory.rules.lots import CapsuleLotFacts, IngredientLotFacts, ShellLotFacts
from pharmacy.kernel.quantities import mg
from pharmacy.labels.drawing import Language
from pharmacy.local.demo import fiction
from pharmacy.local.demo.clinic import new_key
from pharmacy.local.demo.fiction import Colleague, Doctor
from pharmacy.practice import operations as practice
from pharmacy.prescribers.operations import keys as prescriber_keys
from pharmacy.prescribers.operations import registry
from pharmacy.prescribers.rules.keys import proof_message
from pharmacy.printing import operations as printing
from pharmacy.staff.operations import accounts, clients
from pharmacy.staff.rules import OPERATOR, Actor

BEYOND_USE_DAYS: Final = 180


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A doctor's private key, which only their clinic has, and the name of its public half."""

    kid: str
    alg: str
    private_key: PrivateKey


@dataclass(frozen=True, slots=True)
class Loaded:
    """What those who act in the demo must know."""

    passwords: Mapping[str, str]
    """By username. Random, and forgotten when the demo ends."""
    api_key: str
    signing_key: SigningKey


def load(database_url: str, *, pepper: str, now: datetime) -> Loaded:
    """Load everything in one transaction: all of the fiction, or none."""
    with (
        closing(Database(database_url, pool_size=1)) as database,
        database.transaction() as session,
    ):
        site = practice.set_up_site(session, fiction.SITE, by=OPERATOR, now=now)
        today = site.today(now)
        practice.license_state(
            session,
            site.state,
            number="P0000",
            expires_on=today + timedelta(days=365),
            by=OPERATOR,
            now=now,
        )
        passwords = {each.person.username: secrets.token_urlsafe(16) for each in fiction.COLLEAGUES}
        staff = _add_staff(session, passwords, now)
        _import_registries(session, today, now)
        signing = [_enrol(session, doctor, staff, now) for doctor in fiction.DOCTORS]
        _stock(session, staff, today, now)
        _add_printers(session, now)
        return Loaded(passwords, _add_client(session, pepper, now), signing[0])


def _add_staff(session: Session, passwords: Mapping[str, str], now: datetime) -> dict[str, Actor]:
    """Add every colleague; only those who sign in choose a password, since hashing takes long."""
    staff = {}
    for colleague in fiction.COLLEAGUES:
        username = colleague.person.username
        account, token = accounts.add(
            session, colleague.person, {colleague.role}, by=OPERATOR, now=now
        )
        if not _is_administrator(colleague):
            accounts.choose_password(session, token=token, password=passwords[username], now=now)
        staff[username] = Actor(account.id, "staff", frozenset({colleague.role}))
    return staff


def _add_printers(session: Session, now: datetime) -> None:
    """Put two printers that are folders at the workplace: one for labels, one for leaflets."""
    label_printer, page_printer = (
        printing.add_printer(
            session,
            name=name,
            address=address,
            language=Language.PDF,
            dpi=203,
            stock=stock,
            networks=Networks(()),
            by=OPERATOR,
            now=now,
        )
        for name, address, stock in fiction.PRINTERS
    )
    printing.set_workstation(
        session,
        fiction.WORKSTATION,
        label_printer=label_printer,
        page_printer=page_printer,
        by=OPERATOR,
        now=now,
    )


def _is_administrator(colleague: Colleague) -> bool:
    return colleague in {fiction.FIRST_ADMINISTRATOR, fiction.SECOND_ADMINISTRATOR}


def _import_registries(session: Session, today: date, now: datetime) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = {
            registry.import_nppes: ("nppes.csv", fiction.nppes_file()),
            registry.import_leie: ("leie.csv", fiction.exclusions_file()),
            registry.import_licenses: ("licenses.csv", fiction.licenses_file(today)),
        }
        for take_in, (name, text) in files.items():
            path = Path(folder) / name
            path.write_text(text, encoding="utf-8")
            take_in(session, path, by=OPERATOR, now=now, file_date=today)


def _enrol(
    session: Session, doctor: Doctor, staff: Mapping[str, Actor], now: datetime
) -> SigningKey:
    """Enrol a doctor and their key: two administrators, and proof that the doctor holds it."""
    first = staff[fiction.FIRST_ADMINISTRATOR.person.username]
    second = staff[fiction.SECOND_ADMINISTRATOR.person.username]
    prescriber_keys.enrol(
        session,
        npi=doctor.npi,
        family=doctor.family,
        given=doctor.given,
        practice_state=fiction.SITE.state,
        by=first,
        now=now,
    )
    private_key = new_key(doctor.alg)
    proposal = prescriber_keys.propose_key(
        session,
        npi=doctor.npi,
        jwk=keys.jwk_of(private_key.public_key()),
        kind="ehr-software",
        not_before=now - timedelta(days=1),
        not_after=now + timedelta(days=365),
        by=first,
        now=now,
    )
    proof = keys.sign(private_key, proof_message(proposal.nonce))
    prescriber_keys.approve_key(session, proposal.kid, proof=proof, by=second, now=now)
    return SigningKey(proposal.kid, doctor.alg, private_key)


def _add_client(session: Session, pepper: str, now: datetime) -> str:
    """Let the clinic's system in, for both doctors; return its API key."""
    client = clients.add(session, name=fiction.EHR, by=OPERATOR, now=now)
    for doctor in fiction.DOCTORS:
        clients.enrol(session, client.id, npi=doctor.npi, by=OPERATOR, now=now)
    return clients.issue_key(session, client.id, pepper=pepper, by=OPERATOR, now=now, days=1)


def _stock(session: Session, staff: Mapping[str, Actor], today: date, now: datetime) -> None:
    """Receive powders, approve formulations, and put released capsules on the shelf."""
    technician = staff[fiction.TECHNICIAN.person.username]
    pharmacist = staff[fiction.FIRST_PHARMACIST.person.username]
    second = staff[fiction.SECOND_PHARMACIST.person.username]
    powder = IngredientLotFacts(
        ingredient=NALTREXONE,
        lot_number="EXAMPLE-NTX-1",
        manufacturer="Example Chemicals",
        amount=mg(25_000),
        received_on=today,
        expires_on=today + timedelta(days=730),
        salt_form="hcl-anhydrous",
        assay_pct=Decimal("99.2"),
        assay_basis="anhydrous",
        water_pct=Decimal("0.4"),
    )
    filler = IngredientLotFacts(
        ingredient=fiction.FILLER,
        lot_number="EXAMPLE-MCC-1",
        manufacturer="Example Chemicals",
        amount=mg(500_000),
        received_on=today,
        expires_on=today + timedelta(days=730),
    )
    active, _ = [
        _receive_powder(
            session, facts, fills, technician=technician, pharmacist=pharmacist, now=now
        )
        for facts, fills in ((powder, fiction.POWDER_FILLS), (filler, fiction.FILLER_FILLS))
    ]
    shells = inventory.receive_shell_lot(session, _shells(today), by=technician, now=now)
    inventory.release_shell_lot(session, shells.id, by=pharmacist, now=now)
    for strength in fiction.STRENGTHS:
        formula = _formula(strength)
        record = _hurried(usual_record(formula))
        formulary.approve(session, formula, record=record, by=pharmacist, second=second, now=now)
        if strength == fiction.COMPOUNDED:
            continue
        facts = _capsules(strength, active, today)
        lot = inventory.receive_capsule_lot(session, facts, by=technician, now=now)
        inventory.release_capsule_lot(session, lot.id, by=pharmacist, now=now)


def _receive_powder(
    session: Session,
    facts: IngredientLotFacts,
    fills: Decimal,
    *,
    technician: Actor,
    pharmacist: Actor,
    now: datetime,
) -> IngredientLot:
    lot = inventory.receive_ingredient_lot(session, facts, by=technician, now=now)
    inventory.store_certificate(session, lot.id, fiction.CERTIFICATE, by=technician, now=now)
    inventory.record_packing(
        session,
        lot.id,
        capsule_size=fiction.SIZE,
        fill_mg=fills,
        measured_on=facts.received_on,
        by=technician,
        now=now,
    )
    return inventory.release_ingredient_lot(session, lot.id, by=pharmacist, now=now)


def _hurried(record: MasterRecord) -> MasterRecord:
    """Let whoever watches the demo wait two seconds for what takes minutes."""
    steps = tuple(
        replace(step, wait_minutes=None, wait_seconds=2) if step.wait_minutes else step
        for step in record.steps
    )
    return replace(record, steps=steps)


def _formula(strength: str) -> Formula:
    return Formula(
        strength_ug=mg(strength).micrograms,
        size=fiction.SIZE,
        filler=fiction.FILLER,
        description=fiction.DESCRIPTION,
        overage=Decimal("0.03"),
        beyond_use_days=BEYOND_USE_DAYS,
    )


def _shells(today: date) -> ShellLotFacts:
    return ShellLotFacts(
        maker=fiction.SHELL_MAKER,
        lot_number="EXAMPLE-SHELLS-1",
        capsule_size=fiction.SIZE,
        description=fiction.DESCRIPTION,
        received=fiction.SHELLS,
        received_on=today,
        expires_on=today + timedelta(days=730),
    )


def _capsules(strength: str, active: IngredientLot, today: date) -> CapsuleLotFacts:
    return CapsuleLotFacts(
        lot_number=f"EXAMPLE-{strength}MG-1",
        strength_ug=mg(strength).micrograms,
        capsule_size=fiction.SIZE,
        description=fiction.DESCRIPTION,
        filler=fiction.FILLER,
        active_lot_id=active.id,
        compounded_on=today,
        beyond_use_on=today + timedelta(days=BEYOND_USE_DAYS - 1),
        made=fiction.CAPSULES,
    )
