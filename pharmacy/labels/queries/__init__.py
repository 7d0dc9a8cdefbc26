"""Reading drawn labels, and the words that they may speak."""

from pharmacy.labels.queries.labels import LabelNotFound, get, next_copy_no, of_order
from pharmacy.labels.queries.tags import NothingToTag, tag_of
from pharmacy.labels.queries.texts import (
    EditionNotFound,
    LanguageNotApproved,
    edition,
    editions,
    in_force,
    languages,
    newest_texts,
)

__all__ = [
    "EditionNotFound",
    "LabelNotFound",
    "LanguageNotApproved",
    "NothingToTag",
    "edition",
    "editions",
    "get",
    "in_force",
    "languages",
    "newest_texts",
    "next_copy_no",
    "of_order",
    "tag_of",
]
