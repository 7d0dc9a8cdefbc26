"""The second check over HTTP: one answer with all that a pharmacist compares."""

from datetime import date, datetime
from typing import Any, Self

import msgspec
from litestar import Controller, get
from litestar.params import FromPath

from pharmacy.api.order_views import ContainerView, milligrams
from pharmacy.api.pictures import PictureView
from pharmacy.api.prescriptions import StepView
from pharmacy.dispensing import queries
from pharmacy.dispensing.queries import LotMade, SecondCheck
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.order_reads import reading
from pharmacy.kernel import ids
from pharmacy.labels.models import Label
from pharmacy.prescriptions.rules.regimen import Regimen
from pharmacy.staff.rules import Permission


class LotMadeView(msgspec.Struct, frozen=True):
    """A lot in the vials, and what was weighed and tested when it was made here."""

    id: str
    number: str
    strength_mg: str
    description: str
    status: str
    beyond_use_on: date
    batch: str | None
    capsule_weights_mg: list[str]
    """Of single capsules, in the order of weighing."""
    tests: dict[str, str]
    """The last verdict of each test."""

    @classmethod
    def of(cls, made: LotMade) -> Self:
        return cls(
            id=ids.encode("lot", made.lot.id),
            number=made.lot.lot_number,
            strength_mg=milligrams(made.lot.strength_ug),
            description=made.lot.description,
            status=made.lot.status,
            beyond_use_on=made.lot.beyond_use_on,
            batch=ids.encode("bat", made.batch.id) if made.batch else None,
            capsule_weights_mg=[str(each).removesuffix(" mg") for each in made.weights],
            tests={name: test.verdict for name, test in made.tests.items()},
        )


class DrawnLabelView(msgspec.Struct, frozen=True):
    """What stands on a label or leaflet; its page is at `url`."""

    id: str
    kind: str
    container: str | None
    content: dict[str, Any]
    url: str

    @classmethod
    def of(cls, label: Label) -> Self:
        public = ids.encode("lbl", label.id)
        return cls(
            id=public,
            kind=label.kind,
            container=ids.encode("ctr", label.container_id) if label.container_id else None,
            content=label.content,
            url=f"/api/v1/labels/{public}",
        )


class SecondCheckView(msgspec.Struct, frozen=True):
    """All that is compared before an order is released."""

    order: str
    number: int
    status: str
    version: int
    record_sha256: str
    """Of all that is shown here; a release names it, and so says what was looked at."""
    signed_sha256: str
    """Of the bytes that the prescriber signed."""
    signed: dict[str, Any]
    """Patient, prescriber, medication and reason as the signed bytes name them."""
    steps: list[StepView]
    """The regimen as it was signed, in the prescriber's own words."""
    containers: list[ContainerView]
    """With the time at which each was scanned."""
    lots: list[LotMadeView]
    labels: list[DrawnLabelView]
    pictures: list[PictureView]
    packed_at: datetime | None

    @classmethod
    def of(cls, check: SecondCheck) -> Self:
        order = check.order
        return cls(
            order=ids.encode("ord", order.id),
            number=order.number,
            status=order.status,
            version=order.version,
            record_sha256=check.record_sha256().hex(),
            signed_sha256=check.evidence.payload_sha256.hex(),
            signed=check.prescription.facts,
            steps=[StepView.of(each) for each in Regimen.of_data(check.prescription.regimen).steps],
            containers=[ContainerView.of(each) for each in check.containers],
            lots=[LotMadeView.of(each) for each in check.lots],
            labels=[DrawnLabelView.of(each) for each in check.labels],
            pictures=[PictureView.of(each) for each in check.pictures],
            packed_at=order.packed_at,
        )


class SecondCheckController(Controller):
    """What the second check compares."""

    path = "/api/v1/orders/{order_id:str}/second-check"
    tags = ["Orders"]

    @get("/", opt={"permission": Permission.READ_LABEL}, sync_to_thread=True)
    def show(
        self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> SecondCheckView:
        """Return signed text, plan, vials, lots and weights, labels and pictures together."""
        with reading(db, order_id, actor, now, "order.second-check-read") as (session, order):
            return SecondCheckView.of(queries.second_check(session, order.id))
