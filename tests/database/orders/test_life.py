"""An order from its receipt to its hand-over, and what its life leaves written."""

from sqlalchemy.orm import Session

from tests.factories.orders import LIFE, Bench


def test_an_order_goes_the_straight_way(bench: Bench, session: Session) -> None:
    order = bench.order()

    for status in LIFE[1:]:
        bench.walk(order, status)
        assert order.status is status
