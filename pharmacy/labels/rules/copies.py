"""A second copy of a label says that it is one, and carries a code of its own."""

from dataclasses import dataclass, replace

from pharmacy.labels.rules.content import ContainerLabel


@dataclass(frozen=True, slots=True)
class Copy:
    """Which copy of a label, and why it was wanted, in the words that it prints."""

    no: int = 1
    why: str = ""
    """`was damaged`, `did not print`, …: of the copy before."""


FIRST = Copy()


def content_of_copy(label: ContainerLabel, copy: Copy) -> ContainerLabel:
    """
    Return what stands on a copy: the first is the label as it was drawn and stored.

    Later ones say on a line of its own their number and why, and that earlier ones count no more;
    no warning gives way to it. Their Data Matrix says which copy they are, for scans to tell.
    """
    if copy.no == 1:
        return label
    return replace(
        label,
        container_code=f"{label.container_code}.{copy.no:02}",
        reprint=f"Reprint {copy.no}: the copy before {copy.why}. Earlier copies are void.",
    )
