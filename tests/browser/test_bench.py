"""A batch from what waiting orders need to a released lot, by keyboard and scanner alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Batch, Weighing
from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.inventory.models import IngredientLot, LotStatus, ShellLot
from pharmacy.kernel.ids import encode
from pharmacy.kernel.quantities import Mass, mg
from pharmacy.local.balance import BalanceSimulator
from pharmacy.staff.rules import Role
from tests.browser.conftest import Console, User, account_of
from tests.browser.people import NAMES, PIN
from tests.factories.compounding import PHOTO, SHELL

SitDown = Callable[..., User]


def powder(console: Console, ingredient: str) -> str:
    """Return what the scanner reads off a container of a powder."""
    with console.session() as session:
        lots = select(IngredientLot.id).where(IngredientLot.ingredient == ingredient)
        found = session.scalars(lots.where(IngredientLot.on_hand_ug > 1_000_000)).first()
        assert found is not None
        return encode("ing", found)


def lot_of(console: Console, capsules: int) -> str:
    """Return what the scanner reads off the naltrexone that a batch's sheet was worked out for."""
    with console.session() as session:
        batch = session.scalars(select(Batch).where(Batch.capsules == capsules)).one()
        assert batch.active_lot_id is not None
        return encode("ing", batch.active_lot_id)


def shells(console: Console) -> str:
    with console.session() as session:
        return encode(
            "shl",
            session.scalars(select(ShellLot.id).where(ShellLot.status == LotStatus.RELEASED)).one(),
        )


def the_batch(console: Console, capsules: int) -> tuple[str, BatchStatus]:
    """Return a batch's page, and where it stands."""
    with console.session() as session:
        batch = session.scalars(select(Batch).where(Batch.capsules == capsules)).one()
        return f"/bench/{encode('bat', batch.id)}", batch.status


def targets(console: Console, capsules: int) -> list[Mass]:
    with console.session() as session:
        batch = session.scalars(select(Batch).where(Batch.capsules == capsules)).one()
        return list(operations.targets(session, batch).values())


def save(
    user: User, simulator: BalanceSimulator, load: Mass, says: str, *, by_key: bool = False
) -> None:
    """Put something on the balance, wait until the page shows it, and scan ACT-SAVE."""
    simulator.put(load)
    user.page.evaluate("document.querySelector('#toasts').replaceChildren()")
    user.page.locator("#reading .shown").get_by_text(str(load), exact=True).wait_for()
    user.press("s") if by_key else user.scan("ACT-SAVE")
    user.page.locator("#toasts").get_by_text(says).last.wait_for()
    simulator.put(Mass.ZERO)


def finish_step(user: User, checks: int) -> None:
    for number in range(1, checks + 1):
        user.page.locator(f"[data-key='{number}']").wait_for()
        user.press(str(number))
        user.page.locator(".ticked").nth(number - 1).wait_for()
    user.page.locator("[data-scan=DONE]").wait_for()
    user.page.evaluate("document.querySelector('#toasts').replaceChildren()")
    user.press("d")
    user.page.locator("#toasts").get_by_text("is done").last.wait_for()


def verify(user: User) -> None:
    left = user.page.locator("[data-scan=VERIFY]").first
    left.wait_for()
    user.press("v")
    user.page.locator("#verify[open]").wait_for()
    user.page.keyboard.press("Enter")
    user.page.locator("#toasts").get_by_text("Verified").last.wait_for()


def test_a_batch_goes_from_the_plan_to_a_released_lot_without_a_mouse(
    console: Console, user: SitDown, simulator: BalanceSimulator
) -> None:
    pharmacist = user(Role.PHARMACIST).go("/bench")
    pharmacist.sees("Saves 1 set-up")
    pharmacist.press("a")
    pharmacist.sees("is planned")
    page, _ = the_batch(console, 52)

    technician = user(Role.TECHNICIAN).go(page)
    finish_step(technician, 2)
    scan_and_weigh(console, technician, simulator)
    for _ in targets(console, 52):
        verify(pharmacist.go(page))
    assert the_batch(console, 52)[1] is BatchStatus.WEIGHED
    weighed_and_verified_by_two(console)

    technician.go(page)
    blend_and_fill(console, technician)
    weigh_one_by_one(console, technician, simulator)
    release(user(Role.PHARMACIST).go(page))
    assert the_batch(console, 52)[1] is BatchStatus.RELEASED


def scan_and_weigh(console: Console, technician: User, simulator: BalanceSimulator) -> None:
    naltrexone = powder(console, "naltrexone-hydrochloride")
    filler = powder(console, "microcrystalline-cellulose")
    technician.sees("Scan the naltrexone")
    technician.scan(filler)
    technician.sees("the naltrexone comes first")
    technician.scan(naltrexone)
    technician.sees("Scan the filler")
    technician.scan(filler)
    technician.page.locator("#weighing").wait_for()

    for number, target in enumerate(targets(console, 52)):
        if technician.page.locator("#weighing ~ form [data-scan-here]").count():
            is_filler = "cellulose" in technician.page.locator("#weighing").inner_text()
            technician.scan(filler if is_filler else naltrexone)
        technician.page.locator("#reading .shown").wait_for()
        save(technician, simulator, target, "within")
        technician.page.locator("#worksheet ~ .tablewrap .chip.good").nth(number).wait_for()


def weighed_and_verified_by_two(console: Console) -> None:
    with console.session() as session:
        weighings = session.scalars(
            select(Weighing).join(Batch, Batch.id == Weighing.batch_id).where(Batch.capsules == 52)
        ).all()
        assert {each.weighed_by for each in weighings} == {account_of(session, Role.TECHNICIAN).id}
        assert {each.verified_by for each in weighings} == {account_of(session, Role.PHARMACIST).id}


def blend_and_fill(console: Console, technician: User) -> None:
    finish_step(technician, 3)
    technician.page.locator("[data-scan=BLENDED]").wait_for()
    technician.press("b")
    technician.page.locator("[data-scan=TIME]").wait_for()
    technician.press("t")
    technician.page.locator("[data-left]").wait_for()
    console.clock.shift += timedelta(minutes=11)
    technician.press("t")  # meanwhile the session locked
    technician.page.locator("[data-unlock] [name=secret]").wait_for()
    technician.page.keyboard.type(PIN, delay=90)
    technician.page.keyboard.press("Enter")
    technician.page.locator("[data-scan=TIME]").wait_for()
    technician.press("t")
    technician.sees("Time kept")
    finish_step(technician, 2)
    technician.sees("Scan the shells")
    technician.scan(shells(console))
    technician.page.locator("[data-scan=FILLED]").wait_for()
    technician.press("f")
    technician.page.locator("#fill[open]").wait_for()
    technician.page.keyboard.type("52", delay=90)
    technician.page.keyboard.press("Enter")
    technician.sees("A photograph is needed")
    technician.page.set_input_files(
        "#f-photo", {"name": "fill.png", "mimeType": "image/png", "buffer": PHOTO}
    )
    technician.sees("Another photograph")
    finish_step(technician, 3)


def weigh_one_by_one(console: Console, technician: User, simulator: BalanceSimulator) -> None:
    net = net_fill(console)
    for number in range(1, 11):
        technician.page.locator("#one-by-one").get_by_text("Empty shells").wait_for()
        save(technician, simulator, SHELL, f"Shell: {SHELL}", by_key=True)
        technician.sees(f"Weigh empty shells: {number} of 10" if number < 10 else "0 of 10")
    for number in range(1, 11):
        save(technician, simulator, SHELL + net, f"Capsule: {SHELL + net}", by_key=number > 1)
        technician.page.locator("svg.capsules circle").nth(number - 1).wait_for()
        technician.sees(f"Weigh capsules: {number} of 10" if number < 10 else "Judge the batch")
    technician.page.locator("[data-scan=JUDGE]").wait_for()
    technician.press("o")
    technician.page.locator("#judge[open]").wait_for()
    technician.press("Tab", "Enter")
    technician.sees("Release test: passed")
    finish_step(technician, 2)


def release(pharmacist: User) -> None:
    pharmacist.press("e")
    pharmacist.page.locator("#release[open]").wait_for()
    pharmacist.page.keyboard.press("Enter")
    prove_if_asked(pharmacist)
    pharmacist.sees("Its capsules may be dispensed")


def prove_if_asked(user: User) -> None:
    """Type the PIN where the decision asks for a fresh one."""
    user.page.wait_for_timeout(500)
    if user.page.locator("#prove[open]").count():
        user.page.keyboard.type(PIN, delay=90)
        user.page.keyboard.press("Enter")


def net_fill(console: Console) -> Mass:
    """Return what a capsule of the batch should hold, as a balance with steps of 1 mg shows it."""
    with console.session() as session:
        batch = session.scalars(select(Batch).where(Batch.capsules == 52)).one()
        assert batch.theoretical_net_mg is not None
        return Mass(batch.theoretical_net_mg).rounded_to(mg(1))


@pytest.mark.parametrize("status", [LotStatus.RECALLED, LotStatus.QUARANTINED])
def test_a_lot_that_may_not_be_used_stops_the_line_in_words(
    console: Console, user: SitDown, status: LotStatus
) -> None:
    code = powder(console, "naltrexone-hydrochloride")
    with console.session() as session:
        lot = session.scalars(
            select(IngredientLot).where(IngredientLot.ingredient == "naltrexone-hydrochloride")
        )
        for each in lot:
            each.status = status
    page, _ = the_batch(console, 101)
    technician = user(Role.TECHNICIAN).go(page)
    technician.scan(code)
    technician.sees(f"The lot is {status}.")


def test_the_scale_opens_for_the_right_lot_only(console: Console, user: SitDown) -> None:
    page, _ = the_batch(console, 102)
    technician = user(Role.TECHNICIAN).go(page)
    technician.scan(powder(console, "microcrystalline-cellulose"))
    technician.sees("not what is weighed now")
    assert technician.page.locator("#reading").count() == 0
    technician.scan(lot_of(console, 102))
    technician.page.locator("#reading .shown").wait_for()


def test_a_weight_off_its_target_is_said_by_word_and_sign_and_does_not_count(
    console: Console, user: SitDown, simulator: BalanceSimulator
) -> None:
    page, _ = the_batch(console, 102)
    technician = user(Role.TECHNICIAN).go(page)
    technician.scan(lot_of(console, 102))
    target = targets(console, 102)[0]
    simulator.put(target + mg(50))
    technician.sees("Too much: take away 50 mg")
    technician.scan("ACT-SAVE")
    technician.sees("not counted; adjust the powder")
    simulator.put(None)
    technician.sees("The balance shows overload or underload.")
    simulator.put(Mass.ZERO)
    with console.session() as session:
        batch = session.scalars(select(Batch).where(Batch.capsules == 102)).one()
        assert queries.counting(session, batch.id) == {}


def test_a_typed_weight_needs_the_pin_of_whoever_read_it_too(
    console: Console, user: SitDown
) -> None:
    page, _ = the_batch(console, 107)
    technician = user(Role.TECHNICIAN).go(page)
    colleague = NAMES[Role.PHARMACIST][1]

    def type_it(pin: str) -> None:
        technician.press("y")
        technician.page.keyboard.type("277", delay=90)
        technician.page.locator("#typed [name=second]").focus()
        technician.page.keyboard.type(colleague[:8], delay=90)
        technician.page.locator("#typed [name=second_pin]").focus()
        technician.page.keyboard.type(pin, delay=90)
        technician.page.keyboard.press("Enter")

    type_it("1357")
    technician.sees("That is not your colleague's PIN")
    technician.press("Escape")
    technician.go(page)
    type_it(PIN)
    technician.sees("Weigh capsules: 5 of 10")
    with console.session() as session:
        assert account_of(session, Role.PHARMACIST).failed_sign_ins == 0
