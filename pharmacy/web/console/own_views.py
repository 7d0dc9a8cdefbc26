"""One's own views of the queue: kept under a name, put in order, removed."""

from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.kernel import ids
from pharmacy.orders import operations, queries
from pharmacy.orders.rules.own_views import MOST
from pharmacy.staff.rules import Permission
from pharmacy.web.console.queue_views import Narrowing, own_tab, saved_views
from pharmacy.web.view import Action, Answer, CurrentView

PATH: Final = "/queue/views"
Name = Annotated[str, Meta(min_length=1, max_length=24)]


class KeepForm(msgspec.Struct, frozen=True):
    """The filters of the page that is open, and what to call them."""

    name: Name
    view: str = ""
    status: str = ""
    held: str = ""
    whose: str = ""
    due: str = ""


class NameForm(msgspec.Struct, frozen=True):
    """Another name."""

    name: Name


class OwnViewPages(Controller):
    """What a person changes of their own queue; nobody else sees it."""

    path = PATH
    opt = {"permission": Permission.READ_QUEUE}

    @get("/", sync_to_thread=True)
    def show(self, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """List the person's views with what each is narrowed to."""
        built_in = saved_views(actor, view.now)
        with db.transaction() as session:
            mine = queries.own_views(session, actor.id) if actor.id else []
            return view.page(
                "queue/own_views.html",
                actions=[Action("b", "Back to the queue", href="/queue")],
                mine=[(each, own_tab(each, built_in)) for each in mine],
                most=MOST,
            )

    @post("/", status_code=200, sync_to_thread=True)
    def keep(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Keep the filters that are open under a name."""
        given = form.read(KeepForm)
        known = {each.slug for each in saved_views(actor, view.now)}
        narrowing = Narrowing.read(given.status, given.held, given.whose, given.due)
        slug = given.view if given.view in known else next(iter(known))
        filters = {"view": slug, **narrowing.chosen}
        with db.transaction() as session:
            kept = operations.keep_view(session, given.name, filters, by=actor, now=view.now)
            tab = own_tab(kept, saved_views(actor, view.now))
        return view.go(tab.address, toast=f"Kept: key {kept.place} leads here")

    @post("/{view_id:str}/name", status_code=200, sync_to_thread=True)
    def rename(
        self, view_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Call a view something else."""
        name, wanted = form.read(NameForm).name, ids.decode("qvw", view_id)
        with db.transaction() as session:
            operations.rename_view(session, wanted, name, by=actor, now=view.now)
        return view.go(PATH, toast="Renamed")

    @post("/{view_id:str}/earlier", status_code=200, sync_to_thread=True)
    def move(
        self, view_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Put a view one place before."""
        with db.transaction() as session:
            operations.move_view(session, ids.decode("qvw", view_id), by=actor, now=view.now)
        return view.go(PATH)

    @post("/{view_id:str}/removal", status_code=200, sync_to_thread=True)
    def remove(
        self, view_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Forget a view."""
        with db.transaction() as session:
            operations.remove_view(session, ids.decode("qvw", view_id), by=actor, now=view.now)
        return view.go(PATH, toast="Removed")
