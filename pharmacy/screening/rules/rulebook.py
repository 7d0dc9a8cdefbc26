"""Every rule, in the order in which findings are shown. Changing one raises its version."""

from typing import Final

from pharmacy.screening.rules import answer_rules, condition_rules, dose_rules, medicine_rules
from pharmacy.screening.rules.facts import Facts
from pharmacy.screening.rules.rule import Raised, Rule, raised

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted(
        (*medicine_rules.RULES, *condition_rules.RULES, *dose_rules.RULES, *answer_rules.RULES),
        key=lambda rule: ("RNDMAP".index(rule.id[0]), rule.id),
    )
)
BY_ID: Final = {rule.id: rule for rule in RULES}


def screen(facts: Facts) -> list[Raised]:
    """Return what every rule says about one fill."""
    return raised(RULES, facts)
