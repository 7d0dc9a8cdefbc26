"""A label's copy in the language of a printer."""

from pharmacy.labels import pdf
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.copies import Copy, content_of_copy


def drawn_copy(label: ContainerLabel, *, copy: Copy) -> bytes:
    """
    Return one copy of a container's label, and its continuation if it has one, as a PDF.

    Raises:
        TextTooLong: With the copy's own words something does not fit.
    """
    return pdf.container_labels([content_of_copy(label, copy)])
