"""The words of one container label."""

from pharmacy.kernel.refusals import Invalid
from pharmacy.labels.rules import texts, wording
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.facts import ContainerFacts, OrderFacts


class DirectionsUnknown(Invalid):
    """A plan asks for directions that we have no reviewed words for."""

    code = "label-directions-unknown"
    remedy = "Choose a strategy that has a standard direction."


class DosesDoNotAddUp(Invalid):
    """The capsules of a container are not a whole number of doses for its dates."""

    code = "label-doses-do-not-add-up"
    remedy = "Allocate the order again; do not dispense from these containers."


def container_label(order: OrderFacts, container: ContainerFacts) -> ContainerLabel:
    """
    Put the facts of one container into the words of its label.

    Raises:
        DirectionsUnknown: There are no words for the directions.
        DosesDoNotAddUp: Capsules, dates and capsules a dose contradict each other.
    """
    return ContainerLabel(
        patient=order.patient,
        drug=texts.DRUG.text,
        strength=f"{wording.strength(container.strength_ug)} capsule",
        directions=directions(container.directions),
        dates=wording.span(container.first_dose_on, container.last_dose_on),
        doses=f"({wording.counted(_doses(container), 'dose')})",
        rx_number=str(order.rx_number),
        container_code=container.code,
        step=wording.step(container.step_no, container.steps),
        part=f"{container.part_no} of {container.parts}",
        filled_on=wording.day(order.filled_on),
        quantity=wording.counted(container.quantity, "capsule"),
        prescriber=order.prescriber,
        refills=wording.refills(order.refills_left, order.refill_doses_ug, order.valid_until),
        lot=container.lot_number,
        discard_after=wording.day(container.beyond_use_on),
        capsule=_sentence(container.description),
        filler=f"Filler: {container.filler}." if container.filler.strip() else "",
        pharmacy=order.pharmacy,
        address=order.address,
        phone=wording.phone(order.phone),
        route=texts.ROUTE.text,
        storage=texts.STORAGE.text,
        compounded=texts.COMPOUNDED.text,
        auxiliaries=tuple(words.text for words in texts.AUXILIARIES),
    )


def directions(key: str) -> str:
    """Return the standard phrase of a key. Raises DirectionsUnknown."""
    if (words := texts.DIRECTIONS.get(key)) is None:
        raise DirectionsUnknown("there are no words for these directions", directions=key)
    return words.text


def _doses(container: ContainerFacts) -> int:
    days = (container.last_dose_on - container.first_dose_on).days + 1
    if days * container.capsules_per_dose != container.quantity:
        raise DosesDoNotAddUp(
            "the capsules are not one dose for each date",
            days=days,
            capsules=container.quantity,
            each=container.capsules_per_dose,
        )
    return days


def _sentence(words: str) -> str:
    text = words.strip()
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
