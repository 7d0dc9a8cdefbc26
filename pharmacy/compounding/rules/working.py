"""
Arithmetic that shows its working.

A value is made by evaluating the very formula that is shown beside it, so that the two cannot
differ, and anybody can work it out again from the formula and the inputs.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final, Self

from pharmacy.kernel.quantities import EXACT


class FormulaMalformed(Exception):
    """A formula uses something other than + - * /, max, min, ceil, whole numbers and inputs."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit. `1` is the unit of counts and ratios."""

    value: Decimal
    unit: str = "1"

    def __post_init__(self) -> None:
        if not isinstance(self.value, Decimal) or not self.value.is_finite():
            raise TypeError("a Quantity is made of a finite Decimal, never of a float")

    def to_data(self) -> dict[str, str]:
        return {"value": _text(self.value), "unit": self.unit}

    @classmethod
    def of_data(cls, data: Mapping[str, str]) -> Self:
        return cls(Decimal(data["value"]), data["unit"])


def count(number: int) -> Quantity:
    """Return a number of things."""
    return Quantity(Decimal(number))


def milligrams(value: Decimal) -> Quantity:
    return Quantity(value, "mg")


@dataclass(frozen=True, slots=True)
class Working:
    """One value: its name, how it was found, from what, and how it was rounded."""

    name: str
    formula: str
    inputs: Mapping[str, Quantity]
    value: Decimal
    unit: str
    step: Decimal | None = None
    """The value is a whole number of this, halves rounded away from zero. None: not rounded."""

    @property
    def quantity(self) -> Quantity:
        return Quantity(self.value, self.unit)

    def is_right(self) -> bool:
        """Work the value out again from the formula and the inputs, and compare."""
        return _rounded(evaluate(self.formula, self.inputs), self.step) == self.value

    def to_data(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "formula": self.formula,
            "inputs": {name: quantity.to_data() for name, quantity in self.inputs.items()},
            "value": _text(self.value),
            "unit": self.unit,
            "rounding": None if self.step is None else f"half-up to {_text(self.step)}",
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        rounding = data["rounding"]
        return cls(
            name=data["name"],
            formula=data["formula"],
            inputs={name: Quantity.of_data(each) for name, each in data["inputs"].items()},
            value=Decimal(data["value"]),
            unit=data["unit"],
            step=None if rounding is None else Decimal(rounding.removeprefix("half-up to ")),
        )


@dataclass(slots=True)
class Notebook:
    """Works values out one after another, and keeps how."""

    lines: list[Working] = field(default_factory=list)

    def work(
        self,
        name: str,
        formula: str,
        *,
        unit: str = "1",
        step: Decimal | None = None,
        **inputs: Quantity,
    ) -> Decimal:
        """
        Evaluate a formula and write the line down.

        Args:
            name: What the value is, in the pharmacy's words.
            formula: Over the names of `inputs`.
            unit: Of the value.
            step: Round the value, once, to a whole number of this.
        """
        value = _rounded(evaluate(formula, inputs), step)
        self.lines.append(Working(name, formula, inputs, value, unit, step))
        return value


def evaluate(formula: str, inputs: Mapping[str, Quantity]) -> Decimal:
    """Return what a formula gives, to 34 digits. Raises FormulaMalformed."""
    return _compiled(formula)({name: quantity.value for name, quantity in inputs.items()})


Values = Mapping[str, Decimal]
Evaluator = Callable[[Values], Decimal]

OPERATIONS: Final[dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]]] = {
    ast.Add: EXACT.add,
    ast.Sub: EXACT.subtract,
    ast.Mult: EXACT.multiply,
    ast.Div: EXACT.divide,
}


def _ceil(value: Decimal) -> Decimal:
    return value.to_integral_value(rounding=ROUND_CEILING)


FUNCTIONS: Final[dict[str, Callable[..., Decimal]]] = {"max": max, "min": min, "ceil": _ceil}


@lru_cache(maxsize=256)
def _compiled(formula: str) -> Evaluator:
    return _evaluator(ast.parse(formula, mode="eval").body)


def _evaluator(node: ast.expr) -> Evaluator:
    match node:
        case ast.Name(id=name):
            return lambda values: values[name]
        case ast.Constant(value=int() as number):
            return lambda _: Decimal(number)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
            first, second, operation = _evaluator(left), _evaluator(right), OPERATIONS[type(op)]
            return lambda values: operation(first(values), second(values))
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in FUNCTIONS:
            parts, function = [_evaluator(each) for each in arguments], FUNCTIONS[name]
            return lambda values: function(*(part(values) for part in parts))
    raise FormulaMalformed(ast.unparse(node))


def _rounded(value: Decimal, step: Decimal | None) -> Decimal:
    if step is None:
        return value
    steps = EXACT.divide(value, step).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return EXACT.multiply(steps, step)


def _text(value: Decimal) -> str:
    """Plain digits, never an exponent; a trailing zero says nothing and goes."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
