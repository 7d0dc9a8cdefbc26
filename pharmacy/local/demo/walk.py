"""The story: what a clinic, two pharmacists, a technician and the worker do with a prescription."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import httpx

from pharmacy.infra import signatures
from pharmacy.local.demo import clinic, fiction
from pharmacy.local.demo.bench import AtTheBench
from pharmacy.local.demo.fiction import Colleague
from pharmacy.local.demo.loading import Loaded
from pharmacy.local.demo.people import DemoTrouble, Json, Person
from pharmacy.local.demo.telling import Teller

WRITTEN_AGO: Final = timedelta(seconds=30)
ANSWERS: Final[dict[str, Json]] = {
    "thyroid": {"answer": "yes"},
    "medicines": {
        "answer": "yes",
        "details": {"medicines": [{"name": "levothyroxine", "rxnorm": "10582"}]},
    },
}
"""What the patient answers; no to everything else."""


@dataclass
class Walk:
    """
    One prescription's way through the pharmacy, by its public API alone.

    Args:
        tend: Keeps the pharmacy's processes running while somebody waits for them.
        output: Where the PDFs and the signed prescription are written.
    """

    client: httpx.Client
    loaded: Loaded
    teller: Teller
    tend: Callable[[], None]
    output: Path

    def __post_init__(self) -> None:
        self._signed_in: dict[str, Person] = {}

    def run(self) -> Json:
        """Return the order as it is at the end. Raises DemoTrouble."""
        token, receipt = self._clinic()
        order = self._pharmacist(receipt)
        order = self._technician(order)
        order = self._final_check(order)
        self._refill(order)
        self._proof(token, receipt)
        return order

    def _sign_in(self, colleague: Colleague) -> Person:
        name = colleague.person.username
        if name not in self._signed_in:
            password = self.loaded.passwords[name]
            self._signed_in[name] = Person.sign_in(self.client, name, password)
        return self._signed_in[name]

    def _clinic(self) -> tuple[bytes, Json]:
        teller, key = self.teller, self.loaded.signing_key
        teller.chapter(f"At the clinic of Dr {fiction.PRESCRIBER.family}")
        teller.begin("Writing 1.5 mg, 3 mg, 4.5 mg for 28 nights each, then 4.5 mg, one repeat")
        zone = ZoneInfo(fiction.SITE.time_zone)
        payload = clinic.prescription(datetime.now(UTC).astimezone(zone) - WRITTEN_AGO)
        teller.done(f"a FHIR Bundle of {len(payload):,} bytes")
        teller.begin("Signing exactly those bytes")
        token = signatures.sign(payload, key.private_key, kid=key.kid, alg=key.alg)
        self._keep("prescription.jose", token)
        teller.done(f"{key.alg}, key {key.kid}")
        teller.begin("Sending it to the pharmacy over HTTP")
        ehr = Person(self.client, self.loaded.api_key)
        receipt = ehr.submit(token)
        teller.done(f"accepted as Rx {receipt['number']}, {receipt['order']}")
        teller.begin("Sending the same bytes again")
        if ehr.submit(token) != receipt:
            raise DemoTrouble("the same bytes made another order")
        teller.done("the same answer, and still one order")
        return token, receipt

    def _pharmacist(self, receipt: Json) -> Json:
        teller = self.teller
        teller.chapter("At the pharmacy")
        pharmacist = self._sign_in(fiction.FIRST_PHARMACIST)
        path = f"/orders/{receipt['order']}"
        teller.begin("Worker: prescriber, screening and strength plan")
        order = pharmacist.wait(path, lambda found: found["status"] != "received", self.tend)
        self._require(order, "review")
        teller.done("checked")
        teller.begin("Pharmacist: reading what screening found")
        findings = pharmacist.get(f"{path}/findings")["findings"]
        teller.done(f"{len(findings)} findings, since not asked is not no")
        teller.begin("Pharmacist: asking the patient, by telephone")
        patient = f"/patients/{order['patient']['id']}/health"
        topics = [each["topic"] for each in pharmacist.get(patient)["topics"]]
        answers = [{"topic": topic, "answer": "no"} | ANSWERS.get(topic, {}) for topic in topics]
        pharmacist.post(patient, {"source": "patient-phone", "answers": answers})
        teller.done(f"{len(answers)} questions, two answered with yes")
        teller.begin("Pharmacist: deciding what remains")
        teller.done(self._decide(pharmacist, path))
        teller.begin("Pharmacist: comparing ways to make it up")
        plan = pharmacist.get(f"{path}/plan")
        teller.done("; ".join(_in_words(each, plan) for each in plan["options"]))
        teller.begin("Pharmacist: approving prescription and plan")
        order = pharmacist.act(pharmacist.get(path), "approval", {"plan": plan["id"]})
        teller.done(f"first dose {order['first_dose_on']}, last {order['last_dose_on']}")
        return order

    def _decide(self, pharmacist: Person, path: str) -> str:
        """Decide every finding that waits for a decision; say which."""
        findings = pharmacist.get(f"{path}/findings")["findings"]
        waiting = [each for each in findings if not each["is_settled"]]
        for finding in waiting:
            blocks = finding["severity"] == "block"
            decision = {
                "decision": "override" if blocks else "accept",
                "reason": "Stable dose of levothyroxine; TSH planned. Fictional, for the demo.",
                "prescriber_contact": "Called the clinic; fictional." if blocks else None,
            }
            pharmacist.post(f"/findings/{finding['id']}/decision", decision)
        decided = ", ".join(f"{each['rule']} {each['severity']}" for each in waiting)
        return f"{len(findings)} left; decided with a reason: {decided or 'none'}"

    def _technician(self, order: Json) -> Json:
        teller, path = self.teller, f"/orders/{order['id']}"
        technician = self._sign_in(fiction.TECHNICIAN)
        teller.begin("Technician: taking the next order and setting capsules aside")
        order = technician.post("/orders/next")
        order = technician.act(order, "allocation")
        if order["status"] == "compounding":
            order = self._compound(order, technician)
        self._require(order, "labeling")
        containers = order["containers"]
        capsules = sum(each["quantity"] for each in containers)
        teller.done(f"{capsules} capsules in {len(containers)} containers, first expired first out")
        teller.begin("Worker: drawing labels and leaflet")
        order = technician.wait(path, lambda found: found["labeled_at"] is not None, self.tend)
        labels = technician.get(f"{path}/labels")["items"]
        for label in labels:
            self._keep(_file_name(label, labels), technician.download(label["url"]))
        teller.done(f"{len(labels)} PDFs")
        teller.begin("Technician: printing them, each copy in the ledger")
        technician.post(f"{path}/prints", {"workstation": fiction.WORKSTATION})
        prints = technician.wait(f"{path}/prints", _are_out, self.tend)["items"]
        teller.done(f"{len(prints)} copies on paper, so says the printer; none confirmed yet")
        teller.begin("Technician: packing, with every container's code scanned")
        scanned = [each["id"] for each in order["containers"]]
        order = technician.act(order, "packing", {"scanned": scanned})
        teller.done()
        return order

    def _compound(self, order: Json, technician: Person) -> Json:
        """Make the capsules that the shelf lacks; the release lets the order go on."""
        lacks = ", ".join(
            f"{each['quantity']} of {each['strength_mg']} mg" for each in order["missing"]
        )
        self.teller.done(f"the shelf lacks {lacks}")
        self.teller.chapter("At the bench")
        zone = ZoneInfo(fiction.SITE.time_zone)
        bench = AtTheBench(
            technician=technician,
            verifier=self._sign_in(fiction.FIRST_PHARMACIST),
            releaser=self._sign_in(fiction.SECOND_PHARMACIST),
            teller=self.teller,
            today=datetime.now(UTC).astimezone(zone).date(),
            keep=self._keep,
        )
        if order["id"] not in bench.make_what_is_needed():
            raise DemoTrouble("the batch was released, and the order still waits")
        self.teller.chapter("Back at the counter")
        self.teller.begin("Technician: capsules set aside from the new lot as well")
        return technician.get(f"/orders/{order['id']}")

    def _final_check(self, order: Json) -> Json:
        teller = self.teller
        teller.begin("Another pharmacist: the final check")
        checker = self._sign_in(fiction.SECOND_PHARMACIST)
        seen = checker.get(f"/orders/{order['id']}/second-check")
        order = checker.act(seen | {"id": order["id"]}, "release", _signed(seen))
        self._require(order, "ready")
        teller.begin("Handing over, identity checked and advice offered")
        handing = {"identifiers": ["name", "birth-date"], "counselling": "accepted"}
        order = checker.act(order, "hand-over", handing)
        self._require(order, "handed-over")
        teller.done()
        return order

    def _refill(self, order: Json) -> None:
        teller = self.teller
        pharmacist = self._sign_in(fiction.SECOND_PHARMACIST)
        teller.begin("Worker: working out the next fill")
        path = f"/orders/{order['id']}"
        order = pharmacist.wait(path, lambda found: found["refill"] is not None, self.tend)
        refill = pharmacist.get(f"/refills/{order['refill']}")
        doses = ", ".join(f"{step['dose_mg']} mg" for step in refill["continues_with"])
        teller.done(
            f"continues at {doses}; due {refill['due_on']}, not before {refill['earliest_on']},"
            f" runs out {refill['run_out_on']}, {refill['remaining_fills']} fills remain"
        )

    def _proof(self, token: bytes, receipt: Json) -> None:
        teller = self.teller
        teller.chapter("Afterwards")
        auditor = self._sign_in(fiction.AUDITOR)
        teller.begin("Auditor: comparing what is kept with what the clinic signed")
        prescription = receipt["prescriptions"][0]["id"]
        kept = auditor.get(f"/prescriptions/{prescription}/evidence")["jws"]
        if kept.encode() != token:
            raise DemoTrouble("what is kept is not what was signed")
        teller.done("byte for byte the same")

    def _require(self, order: Json, status: str) -> None:
        if order["status"] != status or order["holds"]:
            holds = "; ".join(hold["words"] for hold in order["holds"])
            raise DemoTrouble(f"the order is {order['status']}, not {status}. {holds}".strip())

    def _keep(self, name: str, content: bytes) -> None:
        (self.output / name).write_bytes(content)


def _are_out(prints: Json) -> bool:
    return all(each["state"] == "printed" for each in prints["items"])


def _in_words(option: Json, plan: Json) -> str:
    """Say what a strategy takes: `A (in force): 84 capsules in 3 containers`."""
    name = f"{option['strategy']} (in force)" if option["strategy"] == plan["strategy"] else ""
    name = name or option["strategy"]
    if not option["possible"]:
        return f"{name}: not possible"
    return f"{name}: {option['capsules']} capsules in {option['containers']} containers"


def _file_name(label: Json, labels: list[Json]) -> str:
    if label["kind"] == "leaflet":
        return "leaflet.pdf"
    containers = [each["id"] for each in labels if each["kind"] != "leaflet"]
    return f"label-{containers.index(label['id']) + 1}-of-{len(containers)}.pdf"


def _signed(seen: Json) -> Json:
    """Return a release under what was looked at; whoever signed in a moment ago needs no more."""
    return {"record_sha256": seen["record_sha256"]}
