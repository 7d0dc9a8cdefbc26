"""Capsules of a batch at a laboratory: sent, answered with a certificate, and what that stops."""

import re
from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import LabSample, SampleCause, SampleKind
from pharmacy.compounding.rules.weights import Verdict
from pharmacy.http.batch_reads import INLINE
from pharmacy.http.bodies import MULTIPART
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form, FormInvalid
from pharmacy.inventory import queries as lots
from pharmacy.kernel import ids
from pharmacy.staff.rules import Permission
from pharmacy.web.console.batch_acts import PATH, act
from pharmacy.web.view import Answer, CurrentView

DECIDES: Final = {"permission": Permission.RELEASE_LOT}
LARGEST: Final = 4 * 1024 * 1024
ASKED: Final = {
    SampleKind.ASSAY: "Composite assay",
    SampleKind.UNIFORMITY: "Uniformity of contents",
}
WHY: Final = {
    SampleCause.NEW_FORMULATION: "New formulation",
    SampleCause.NEW_OPERATOR: "New operator",
    SampleCause.QUARTERLY: "Every quarter",
    SampleCause.INVESTIGATION: "Investigation",
}
FIGURE: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")


class SampleForm(msgspec.Struct, frozen=True):
    """What is sent, where, and why."""

    kind: SampleKind
    cause: SampleCause
    capsules: Annotated[int, Meta(ge=1, le=1_000)]
    laboratory: Annotated[str, Meta(min_length=1, max_length=200)]


class ResultForm(msgspec.Struct, frozen=True):
    """The laboratory's figures, in per cent of the label, with blanks between them."""

    contents: Annotated[str, Meta(min_length=1, max_length=1_000)]

    def figures(self) -> list[Decimal]:
        """Return them. Raises FormInvalid for what is no decimal of a few digits."""
        typed = re.split(r"[\s;%]+", self.contents.strip(" \t\r\n;%"))
        if wrong := [each for each in typed if not FIGURE.fullmatch(each)]:
            raise FormInvalid({"contents": f"This is no figure: {wrong[0][:20]}"})
        return [Decimal(each) for each in typed]


class SamplePages(Controller):
    """Samples of one batch."""

    path = f"{PATH}/samples"

    @post("/", opt=DECIDES, status_code=200, sync_to_thread=True)
    def send(
        self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Send capsules to a laboratory; they leave the lot for good."""
        given = form.read(SampleForm)

        def do(session: Session, wanted: UUID) -> object:
            return operations.send_sample(
                session,
                wanted,
                kind=given.kind,
                cause=given.cause,
                capsules=given.capsules,
                laboratory=given.laboratory,
                by=actor,
                now=view.now,
            )

        return act(view, db, batch_id, do, toast=f"Sent: {given.capsules} capsules")

    @post(
        "/{sample_id:str}/result",
        opt={**DECIDES, "content_type": MULTIPART},
        status_code=200,
        request_max_body_size=LARGEST + 64 * 1024,
        sync_to_thread=True,
    )
    def answered(
        self,
        *,
        batch_id: FromPath[str],
        sample_id: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Write down what the laboratory found; what fails is stopped at once."""
        figures = form.read(ResultForm).figures()
        papers = form.file("certificate").file.read()
        with db.transaction() as session:
            wanted = ids.decode("smp", sample_id)
            queries.get_sample(session, ids.decode("bat", batch_id), wanted)
            sample = operations.record_result(
                session, wanted, contents=figures, document=papers, by=actor, now=view.now
            )
            passed = sample.verdict == Verdict.PASSED
        said = (
            "Passed; the certificate is kept"
            if passed
            else "Not passed: what it speaks for is stopped"
        )
        return view.go(f"/bench/{batch_id}", toast=said)

    @get(
        "/{sample_id:str}/certificate",
        opt={"permission": Permission.READ_BATCH},
        sync_to_thread=True,
    )
    def certificate(
        self, batch_id: FromPath[str], sample_id: FromPath[str], db: Db
    ) -> Response[bytes]:
        """Return the laboratory's certificate as it came."""
        with db.transaction() as session:
            sample = queries.get_sample(
                session, ids.decode("bat", batch_id), ids.decode("smp", sample_id)
            )
            found = lots.get_document(session, sample.document_sha256)
            return Response(found.content, media_type=found.media_type, headers=INLINE)


def found_words(sample: LabSample) -> str:
    """Return a laboratory's answer in a few words: the assay, or the acceptance value."""
    if sample.result is None or sample.contents is None:
        return ""
    if sample.kind is SampleKind.ASSAY:
        return f"{sample.contents[0]} %"
    return f"acceptance value {Decimal(sample.result['value']):.1f}, at most 15.0"
