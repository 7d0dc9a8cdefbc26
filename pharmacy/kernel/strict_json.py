"""
JSON read in the one way that two careful readers agree on: no duplicate names, no numbers that are
not numbers, no text that PostgreSQL or UTF-8 cannot hold, nothing nested without end.
"""

import json
import re
from decimal import Decimal
from typing import Any, Final, NoReturn

from pharmacy.kernel.refusals import Malformed

DEEPEST: Final = 32
LONGEST_NUMBER: Final = 32
"""Characters. FHIR asks for 18 digits; more is no dose and no date."""
BYTE_ORDER_MARK: Final = "\ufeff"
STRINGS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""Every string, closed or not, in one pass: possessive, so that no input makes it go back."""
BRACKETS: Final = re.compile(rb"[\[{]+|[\]}]+")
NEITHER_BRACKET_NOR_QUOTE: Final = bytes(sorted(set(range(256)) - set(b'[]{}"')))
SURROGATES_OR_NUL: Final = re.compile("[\x00\ud800-\udfff]")


class JsonMalformed(Malformed):
    """Not JSON that can be read in exactly one way."""

    code = "json-malformed"
    remedy = "Send UTF-8 JSON (RFC 8259) without byte order mark, NaN, NUL or lone surrogates."


class NameRepeated(JsonMalformed):
    """An object has two members of one name: two readers would see two documents."""

    code = "json-name-repeated"
    remedy = "Write every member of an object once."


def read(data: bytes) -> Any:
    """
    Return the value of a JSON text; numbers with a point or exponent are exact Decimals.

    Raises:
        NameRepeated: Two members of one object have one name, escapes undone.
        JsonMalformed: Anything else is wrong. Nothing of the text is repeated in the message.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonMalformed("the text is not UTF-8") from error
    if text.startswith(BYTE_ORDER_MARK):
        raise JsonMalformed("the text begins with a byte order mark")
    _require_shallow(data)
    try:
        value = DECODER.decode(text)
    except ValueError as error:
        raise JsonMalformed("the text is not JSON") from error
    if "\\u" in text:
        _require_storable(value)
    return value


def _require_shallow(data: bytes) -> None:
    """Count brackets before the parser descends into them: depth costs it stack, and us a 500."""
    depth = 0
    for run in BRACKETS.findall(_outside_strings(data)):
        depth += len(run) if run[0] in b"[{" else -len(run)
        if depth > DEEPEST:
            raise JsonMalformed("the text is nested too deeply", deepest=DEEPEST)


def _outside_strings(data: bytes) -> bytes:
    """Return a text without strings; where nothing is escaped, quotes begin and end them."""
    if b"\\" in data:
        return STRINGS.sub(b"", data)
    return b"".join(data.translate(None, NEITHER_BRACKET_NOR_QUOTE).split(b'"')[::2])


def _require_storable(value: Any) -> None:
    """Escapes can write what UTF-8 cannot: look at every string, also at names."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if SURROGATES_OR_NUL.search(each):
                raise JsonMalformed("a text holds NUL or half a character")
        elif isinstance(each, dict):
            waiting.extend(each)
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise NameRepeated("an object has two members of one name")
    return found


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if len(text) > LONGEST_NUMBER or abs(number.adjusted()) > LONGEST_NUMBER:
        raise JsonMalformed("a number is longer, larger or finer than any that is used here")
    return number


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise JsonMalformed("a number is longer, larger or finer than any that is used here")
    return int(text)


def _constant(_: str) -> NoReturn:
    raise JsonMalformed("NaN and Infinity are not JSON")


DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_decimal,
    parse_int=_whole,
    parse_constant=_constant,
)
