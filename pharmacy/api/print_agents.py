"""Print agents: enrolling them, and what they fetch and report."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, CurrentSettings, Db, Now
from pharmacy.infra import keys
from pharmacy.infra.printers import Certainty, Delivery, errands
from pharmacy.kernel import ids
from pharmacy.printing import operations, queries
from pharmacy.printing.models import PrintAgent
from pharmacy.staff.rules import Permission


class AgentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agent to enrol."""

    name: Annotated[str, Meta(min_length=1, max_length=60, examples=["Main Street"])]


class AgentView(msgspec.Struct, frozen=True):
    """An agent."""

    id: str
    name: str
    enrolled_at: datetime
    seen_at: datetime | None
    disabled_at: datetime | None
    withheld: int
    """Outcomes that the agent has and this server refused: read its log."""

    @classmethod
    def of(cls, agent: PrintAgent) -> "AgentView":
        public = ids.encode("pag", agent.id)
        return cls(
            public,
            agent.name,
            agent.enrolled_at,
            agent.seen_at,
            agent.disabled_at,
            agent.withheld,
        )


class AgentList(msgspec.Struct, frozen=True):
    """Every agent, by name."""

    items: list[AgentView]


class EnrolledView(msgspec.Struct, frozen=True):
    """A new agent with its key, which is shown once, and the server's, which it pins."""

    agent: AgentView
    key: str
    server_key: dict[str, Any]


class FetchBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`afresh` after a start: what it was sending before, it can only ask its printer for."""

    nonce: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_-]{32,64}$",
            examples=["jT9vK2mQ4xW7rB1nZ6yP3sH8dL5fG0cA"],
        ),
    ]
    """Made up for this question; the errand that answers it is signed with it."""
    afresh: bool = False
    withheld: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    """Outcomes that the agent keeps because this server refused them."""


class OutcomeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of an errand."""

    document: Annotated[str, Meta(examples=["cpy_06b7k2m3n4p5q6r7s8t9v0w1x2"])]
    tries: Annotated[int, Meta(ge=1, le=1000)]
    certainty: Certainty
    reasons: Annotated[list[Annotated[str, Meta(max_length=80)]], Meta(max_length=20)] = []


class PrintAgentController(Controller):
    """Programs beside printers that this server cannot reach."""

    path = "/api/v1/print-agents"
    tags = ["Printing"]

    @get("/", opt={"permission": Permission.READ_PRINTER}, sync_to_thread=True)
    def listing(self, db: Db) -> AgentList:
        """List the agents."""
        with db.transaction() as session:
            return AgentList([AgentView.of(each) for each in queries.agents(session)])

    @post(
        "/",
        opt={"permission": Permission.MANAGE_PRINTERS, "secret_answer": True},
        sync_to_thread=True,
    )
    def enrol(
        self,
        data: JSONBody[AgentBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        settings: CurrentSettings,
    ) -> EnrolledView:
        """Enrol an agent. Its key is shown once."""
        with db.transaction() as session:
            enrolled = operations.enrol_agent(
                session, data.name, pepper=settings.secret, by=actor, now=now
            )
            public = keys.jwk_of(errands.server_key(settings.secret).public_key())
            return EnrolledView(AgentView.of(enrolled.agent), enrolled.key, public)

    @post(
        "/{agent_id:str}/disable",
        status_code=200,
        opt={"permission": Permission.MANAGE_PRINTERS},
        sync_to_thread=True,
    )
    def disable(self, agent_id: FromPath[str], db: Db, actor: CurrentActor, now: Now) -> AgentView:
        """Shut an agent out at once."""
        with db.transaction() as session:
            wanted = ids.decode("pag", agent_id)
            return AgentView.of(operations.disable_agent(session, wanted, by=actor, now=now))

    @post(
        "/errands",
        status_code=200,
        opt={"permission": Permission.FETCH_PRINTS},
        sync_to_thread=True,
    )
    def fetch(
        self,
        data: JSONBody[FetchBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        settings: CurrentSettings,
    ) -> Response[bytes]:
        """Return the next errand, signed; nothing when there is none."""
        with db.transaction() as session:
            errand = operations.fetch(
                session,
                nonce=data.nonce,
                by=actor,
                afresh=data.afresh,
                withheld=data.withheld,
                now=now,
            )
        if errand is None:
            return Response(b"", status_code=204)
        content = errands.signed(
            errands.server_key(settings.secret),
            nonce=data.nonce,
            tries=errand.tries,
            address=errand.address,
            pinned_sha256=errand.pinned_sha256,
            document=errand.document,
            only_ask=errand.only_ask,
            now=now,
        )
        return Response(content, media_type="application/octet-stream")

    @post(
        "/outcomes",
        status_code=204,
        opt={"permission": Permission.FETCH_PRINTS},
        sync_to_thread=True,
    )
    def report(self, data: JSONBody[OutcomeBody], db: Db, actor: CurrentActor, now: Now) -> None:
        """Say what came of an errand. Told twice, it changes nothing more."""
        delivery = Delivery(data.certainty, tuple(data.reasons))
        with db.transaction() as session:
            if data.document.startswith("tst_"):
                test_id = ids.decode("tst", data.document)
                operations.end_test(session, test_id, delivery, by=actor, now=now)
                return
            copy_id = ids.decode("cpy", data.document)
            operations.report(session, copy_id, data.tries, delivery, by=actor, now=now)
