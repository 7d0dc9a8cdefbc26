"""Correction for water, assay and salt form: each once (domain.md 2.2; V12 to V14, E7, E8, E18)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.compounding.rules.correction import (
    AssayOutOfRange,
    Certificate,
    CertificateIncomplete,
    CorrectedTwice,
    CorrectionNeeded,
    LotOnHand,
    NotEnoughPowder,
    SaltFormsMixed,
    WaterOutOfRange,
    delivered_percent,
    factor,
    share_out,
)
from pharmacy.compounding.rules.working import Notebook
from pharmacy.formulary.rules import AssayBasis, SaltForm
from pharmacy.kernel.quantities import Mass, mg
from tests.rules.compounding.samples import ANHYDROUS, DIHYDRATE, shown

LABEL = mg("463.5")
"""100 capsules of 4.5 mg and 3 % more."""


def weigh(certificate: Certificate) -> str:
    return shown((LABEL * factor(certificate, Notebook())).mg, 2)


def certificate(
    form: SaltForm | None = SaltForm.HCL_ANHYDROUS,
    assay: str | None = "100.0",
    basis: AssayBasis | None = AssayBasis.ANHYDROUS,
    water: str | None = "0",
    *,
    by_formula: bool = False,
) -> Certificate:
    return Certificate(
        salt_form=form,
        assay_pct=None if assay is None else Decimal(assay),
        basis=basis,
        water_pct=None if water is None else Decimal(water),
        hydrate_by_formula=by_formula,
    )


def test_v12_anhydrous_powder_is_weighed_for_assay_and_water() -> None:
    assert shown(factor(ANHYDROUS, Notebook()), 6) == "1.012113"
    assert weigh(ANHYDROUS) == "469.11"


def test_v13_dihydrate_is_weighed_heavier() -> None:
    """463.5 mg / (0.995 x 0.914) = 509.66 mg."""
    assert weigh(DIHYDRATE) == "509.66"


def test_v13_an_as_is_assay_already_holds_the_water() -> None:
    as_is = certificate(SaltForm.HCL_DIHYDRATE, "90.9", AssayBasis.AS_IS, None)

    assert weigh(as_is) == "509.90"
    assert weigh(certificate(SaltForm.HCL_DIHYDRATE, "90.9", AssayBasis.AS_IS, "8.6")) == "509.90"


@pytest.mark.parametrize(
    ("basis", "water"),
    [(AssayBasis.ANHYDROUS, "8.6"), (AssayBasis.DRIED, "8.6"), (AssayBasis.AS_IS, None)],
)
def test_v13_water_is_never_corrected_twice(basis: AssayBasis, water: str | None) -> None:
    with pytest.raises(CorrectedTwice):
        certificate(SaltForm.HCL_DIHYDRATE, "99.5", basis, water, by_formula=True)


def test_v13_water_taken_off_twice_would_weigh_a_tenth_too_much() -> None:
    """509.66 mg x 413.89 / 377.86 = 558.26 mg: what the refusal above keeps from the balance."""
    by_formula = factor(
        certificate(SaltForm.HCL_DIHYDRATE, water=None, by_formula=True), Notebook()
    )

    assert shown((LABEL * factor(DIHYDRATE, Notebook()) * by_formula).mg, 2) == "558.26"


def test_v13_dihydrate_taken_for_anhydrous_would_deliver_nine_tenths() -> None:
    """100 x 377.86 / 413.89 = 91.29 %; the pharmacist's choice to use the formula undoes it."""
    by_formula = factor(
        certificate(SaltForm.HCL_DIHYDRATE, water=None, by_formula=True), Notebook()
    )

    assert shown(by_formula, 5) == "1.09535"
    delivered = delivered_percent(mg(100), label=mg(100), correction=by_formula, book=Notebook())
    assert shown(delivered, 2) == "91.29"


def test_v14_as_base_takes_more_hydrochloride() -> None:
    as_base = factor(certificate(), Notebook(), label_form=SaltForm.BASE)

    assert shown(as_base, 6) == "1.106796"
    assert shown((mg("4.5") * as_base).mg, 3) == "4.981"


def test_v14_base_powder_is_weighed_lighter_for_the_same_label() -> None:
    """4.5 mg of the hydrochloride holds 4.066 mg of base."""
    base = factor(certificate(SaltForm.BASE), Notebook())

    assert shown((mg("4.5") * base).mg, 3) == "4.066"


def test_e8_dihydrate_without_its_water_is_not_guessed() -> None:
    with pytest.raises(CertificateIncomplete, match="water"):
        certificate(SaltForm.HCL_DIHYDRATE, "99.5", AssayBasis.ANHYDROUS, None)


def test_only_a_dihydrate_holds_water_by_its_formula() -> None:
    with pytest.raises(CertificateIncomplete):
        certificate(SaltForm.HCL_ANHYDROUS, water=None, by_formula=True)


@pytest.mark.parametrize(
    ("form", "assay", "basis"),
    [
        (None, "99.5", AssayBasis.ANHYDROUS),
        (SaltForm.BASE, "99.5", None),
        (SaltForm.BASE, None, AssayBasis.ANHYDROUS),
    ],
)
def test_form_basis_and_assay_must_be_known(
    form: SaltForm | None, assay: str | None, basis: AssayBasis | None
) -> None:
    with pytest.raises(CertificateIncomplete):
        certificate(form, assay, basis)


@pytest.mark.parametrize("assay", ["-99", "0", "9.92", "97.9", "102.1", "992"])
def test_e18_an_assay_outside_the_monograph_is_refused(assay: str) -> None:
    with pytest.raises(AssayOutOfRange):
        certificate(assay=assay)


@pytest.mark.parametrize("assay", ["98.0", "100.4", "102.0"])
def test_e18_an_assay_a_little_above_a_hundred_is_legal(assay: str) -> None:
    assert factor(certificate(assay=assay), Notebook()) > 0


@pytest.mark.parametrize("assay", ["-1", "0", "84.9", "102.1"])
def test_e18_an_as_is_assay_has_its_own_limits(assay: str) -> None:
    with pytest.raises(AssayOutOfRange):
        certificate(SaltForm.HCL_DIHYDRATE, assay, AssayBasis.AS_IS, None)


@pytest.mark.parametrize("water", ["-0.1", "15.1", "86", "100"])
def test_e18_impossible_water_is_refused(water: str) -> None:
    with pytest.raises(WaterOutOfRange):
        certificate(water=water)


def test_without_correction_only_the_anhydrous_salt_may_be_weighed() -> None:
    assert factor(ANHYDROUS, Notebook(), correct=False) == 1
    with pytest.raises(CorrectionNeeded):
        factor(DIHYDRATE, Notebook(), correct=False)


def test_a_weighing_on_a_milligram_balance_delivers_nearly_everything() -> None:
    """469 mg for 4.5 mg capsules -> 99.976 % of plan (domain.md 2.11)."""
    delivered = delivered_percent(
        mg(469), label=LABEL, correction=factor(ANHYDROUS, Notebook()), book=Notebook()
    )

    assert shown(delivered, 3) == "99.976"


def lot(available: str, source: Certificate) -> LotOnHand:
    assert source.salt_form is not None
    return LotOnHand(mg(available), factor(source, Notebook()), source.salt_form)


def test_e7_two_lots_are_each_weighed_with_their_own_correction() -> None:
    """300 mg of lot A holds 296.41 label-mg; 167.09 label-mg are 183.73 mg of lot B."""
    first, second = share_out(
        LABEL, [lot("300", ANHYDROUS), lot("5000", DIHYDRATE)], mixed_forms_allowed=True
    )

    assert shown(first.label.mg, 2) == "296.41"
    assert shown(second.label.mg, 2) == "167.09"
    assert shown(second.powder.mg, 2) == "183.73"


def test_salt_forms_are_not_mixed_in_one_batch() -> None:
    with pytest.raises(SaltFormsMixed):
        share_out(LABEL, [lot("300", ANHYDROUS), lot("5000", DIHYDRATE)])


def test_lots_that_hold_too_little_are_refused() -> None:
    with pytest.raises(NotEnoughPowder):
        share_out(LABEL, [lot("300", ANHYDROUS), lot("100", ANHYDROUS)])


@given(available=st.decimals(min_value="0.1", max_value="600", places=1))
def test_shares_of_lots_add_up_to_the_label_amount(available: Decimal) -> None:
    shares = share_out(LABEL, [lot(str(available), ANHYDROUS), lot("600", ANHYDROUS)])

    whole = sum((share.label for share in shares), Mass.ZERO)
    assert shown(whole.mg, 20) == shown(LABEL.mg, 20)
    assert shares[0].powder.mg <= available


@given(
    assay=st.decimals(min_value="98", max_value="102", places=2),
    water=st.decimals(min_value="0", max_value="15", places=2),
)
def test_powder_holds_what_the_label_says(assay: Decimal, water: Decimal) -> None:
    corrected = factor(certificate(assay=str(assay), water=str(water)), Notebook())

    active = corrected * assay / 100 * (1 - water / 100)
    assert shown(active, 20) == shown(Decimal(1), 20)
