"""Working: the value is what the formula beside it gives."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.compounding.rules.working import (
    FormulaMalformed,
    Notebook,
    Quantity,
    Working,
    evaluate,
    milligrams,
)

numbers = st.decimals(min_value="0.001", max_value="100000", places=3)


def test_a_value_is_what_its_formula_gives() -> None:
    book = Notebook()

    value = book.work(
        "active powder",
        "strength * correction",
        unit="mg",
        strength=milligrams(Decimal("4.5")),
        correction=Quantity(Decimal("1.01")),
    )

    assert value == Decimal("4.545")
    assert book.lines[0].quantity == milligrams(Decimal("4.545"))


def test_halves_are_rounded_up_once_to_whole_steps() -> None:
    book = Notebook()

    value = book.work(
        "mass", "powder", unit="mg", step=Decimal("0.5"), powder=milligrams(Decimal("2.25"))
    )

    assert value == Decimal("2.5")
    assert book.lines[0].to_data()["rounding"] == "half-up to 0.5"


@given(a=numbers, b=numbers, step=st.sampled_from([None, Decimal("0.1"), Decimal(1)]))
def test_working_read_back_from_data_is_worked_out_again(
    a: Decimal, b: Decimal, step: Decimal | None
) -> None:
    book = Notebook()
    book.work("any", "max(a, b) / (a + b) * 3 - ceil(a)", step=step, a=Quantity(a), b=milligrams(b))

    again = Working.of_data(book.lines[0].to_data())

    assert again == book.lines[0]
    assert again.is_right()


def test_a_changed_value_is_found_by_working_it_out_again() -> None:
    book = Notebook()
    book.work("any", "a * 2", a=Quantity(Decimal(21)))

    forged = dataclasses.replace(book.lines[0], value=Decimal("42.0000001"))

    assert not forged.is_right()


def test_data_has_plain_digits_and_no_float() -> None:
    book = Notebook()
    book.work("small", "a / 1000000000", a=Quantity(Decimal("1.500")))

    assert book.lines[0].to_data() == {
        "name": "small",
        "formula": "a / 1000000000",
        "inputs": {"a": {"value": "1.5", "unit": "1"}},
        "value": "0.0000000015",
        "unit": "1",
        "rounding": None,
    }


@pytest.mark.parametrize(
    "formula", ["a ** 2", "__import__('os')", "a.real", "a if a else a", "0.5 * a", "len(a)"]
)
def test_a_formula_is_nothing_but_arithmetic(formula: str) -> None:
    with pytest.raises(FormulaMalformed):
        evaluate(formula, {"a": Quantity(Decimal(1))})


@pytest.mark.parametrize("value", [1.5, 1, Decimal("NaN"), Decimal("Infinity")])
def test_a_quantity_is_made_of_a_finite_decimal(value: object) -> None:
    with pytest.raises(TypeError):
        Quantity(value)  # type: ignore[arg-type]
