"""Whether the audit's chain is whole: the last walk along it, one under way, and a new one."""

from typing import Any, Final

from litestar import Controller, get, post
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.infra import audit, audit_walks
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission
from pharmacy.web.view import Action, Answer, CurrentView

PATH: Final = "/audit/chain"


class AuditChain(Controller):
    """Walked by a worker; a page only shows how far that is and what it found."""

    path = PATH
    opt = {"permission": Permission.READ_AUDIT}

    @get("/", sync_to_thread=True)
    def show(self, view: CurrentView, db: Db) -> Answer:
        """Show what the last walk found and how long ago, and how far one under way is."""
        with db.transaction() as session:
            state = _state(session)
            runs = state["running"] is not None and not state["is_stuck"]
            why_not = "A walk is under way." if runs else ""
            return view.page(
                "audit/chain.html",
                actions=[
                    Action("v", "Verify now", post=PATH, kind="primary", why_not=why_not),
                    Action("b", "Back to the audit", href="/audit"),
                ],
                unsealed=audit_walks.unsealed(session),
                seal=audit.newest_seal(session),
                **state,
            )

    @get("/now", opt={"unattended": True}, sync_to_thread=True)
    def now(self, view: CurrentView, db: Db) -> Answer:
        """Show how far the walk is; at its end, have the page loaded anew."""
        with db.transaction() as session:
            state = _state(session)
        if state["running"] is None:
            return view.go(PATH, toast="The walk is at its end")
        return view.part("audit/chain_now.html", **state)

    @post("/", status_code=200, sync_to_thread=True)
    def verify(self, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Ask for a walk along the chain; while one is under way, show that one."""
        with db.transaction() as session:
            audit_walks.ask(session, by=actor, now=view.now)
        return view.go(PATH)


def _state(session: Session) -> dict[str, Any]:
    last, running = audit_walks.latest(session), audit_walks.under_way(session)
    people = {walk.asked_by for walk in (last, running) if walk and walk.asked_by}
    return {
        "last": last,
        "running": running,
        "is_stuck": running is not None and audit_walks.is_stuck(session, running),
        "names": staff.names(session, people),
    }
