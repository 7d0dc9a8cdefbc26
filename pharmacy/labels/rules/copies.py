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


DATED_ANEW = "Dated anew: earlier labels of this container are void."


def code_of(container_code: str, copy_no: int) -> str:
    """Return what the Data Matrix of a copy says: `ctr_…`, and from the second on `ctr_….02`."""
    return container_code if copy_no == 1 else f"{container_code}.{copy_no:02}"


def content_of_copy(label: ContainerLabel, copy: Copy) -> ContainerLabel:
    """
    Return what stands on a copy: the first is the label as it was drawn and stored.

    Later ones say on a line of its own their number and why, and that earlier ones count no more;
    no warning gives way to it. Their Data Matrix says which copy they are, for scans to tell. Where
    the container was dated anew, the copies of its new label go on counting from the old one's.
    """
    container, _, first_no = label.container_code.partition(".")
    if copy.no <= int(first_no or 1):
        return label
    return replace(
        label,
        container_code=code_of(container, copy.no),
        reprint=f"Reprint {copy.no}: the copy before {copy.why}. Earlier copies are void.",
    )
