"""Where a batch's powder went."""

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Item
from tests.conftest import NOW
from tests.factories.compounding import Laboratory


def test_what_is_in_no_capsule_is_lost(laboratory: Laboratory) -> None:
    """
    469 mg and 22,589 mg are a blend of 23,058 mg. Ten nets of V23 hold 2,236.9 mg, so a hundred
    capsules hold 22,369 mg; 689 mg, 2.99 per cent, are in none.
    """
    batch = laboratory.made()

    found = queries.mass_statement(laboratory.session, batch)

    assert (found.drawn_ug, found.blend_ug) == (23_058_000, 23_058_000)
    assert (found.in_capsules_ug, found.lost_ug) == (22_369_000, 689_000)
    assert f"{found.lost_percent:.2f}" == "2.99"


def test_a_spilt_weighing_and_the_rest_of_a_trituration_are_waste(laboratory: Laboratory) -> None:
    """
    The blend weighs 23,162 mg (domain.md 2.11: 0.5 mg): 120 mg of a trituration, the least
    that this balance weighs, and 23,042 mg of filler, which are spilt once. Three times 120 mg are
    mixed, so 240 mg are left. 360 + 2 x 23,042 = 46,444 mg came out of lots.
    """
    batch = laboratory.weighed(laboratory.plan(500))
    spilt = next(
        weighing
        for need, weighing in queries.counting(laboratory.session, batch.id).items()
        if need.item is Item.FILLER
    )
    operations.void(laboratory.session, spilt.id, reason="spilt", by=laboratory.pharmacist, now=NOW)
    laboratory.weigh(batch, Item.FILLER)

    found = queries.mass_statement(laboratory.session, batch)

    assert (found.drawn_ug, found.voided_ug) == (46_444_000, 23_042_000)
    assert (found.trituration_left_ug, found.blend_ug) == (240_000, 23_162_000)
    assert (found.in_capsules_ug, found.lost_ug) == (None, None)
