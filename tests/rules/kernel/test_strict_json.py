"""JSON that two careful readers could read in two ways is refused."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.kernel import strict_json
from pharmacy.kernel.strict_json import DEEPEST, JsonMalformed, NameRepeated

MALFORMED = [
    "", " ", "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "[1]x", '{"a"}',
    '{"a":}', '{"a":1,}', '{,"a":1}', '{"a" 1}', "{a:1}", "{'a':1}", "{1:1}", "{null:1}",
    '{"a":1 "b":2}', '{"a":1}}', '{"a"::1}', '{"a":1;}', "tru", "True", "TRUE", "nul", "None",
    "undefined", "NaN", "nan", "-NaN", "Infinity", "-Infinity", "+Infinity", "inf", "+1", "01",
    "-01", "-", "1.", ".1", "-.1", "1.e1", "1e", "1e+", "1E-", "0x1", "0b1", "0o1", "1_000", "1,0",
    "1 000", "--1", "1-", "1e1.5", "1e400", "-1e400", "1e-400", "9" * 33, "0." + "1" * 40,
    "\uff11", "[\uff11]", "\u0661", '"', '"a', "'a'", '"\\"', '"\\x41"', '"\\a"', '"\\u"',
    '"\\u12"', '"\\u123g"', '"\\U00000041"', '"\n"', '"\t"', '"\x00"', '"\x1f"', '"\\u0000"',
    '"\\ud800"', '"\\udc00"', '"\\ud800\\u0041"', '"\\udc00\\ud800"', '{"\\ud800":1}',
    '{"\\u0000":1}', '["a\\u0000b"]', '{"a":{"b":"\\udfff"}}', "// x\n1", "1 // x", "/* x */ 1",
    "#1", "\ufeff1", '\ufeff{"a":1}', "\x00", "\x0c1", "\xa01", "\u20281", "1\u3000", "[1]\x00",
    "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), '{"a":' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1),
    "[" * 100_000, '[{"a":' * 50_000, "[[]" * 20_000, '"' + '\\"' * 50_000,
    '"' + '\\"' * 50_000 + "\\", "[" + '"[",' * 50_000,
]  # fmt: skip

NOT_UTF_8 = [
    b"\xff", b'"\xff"', b'"\xc0\xaf"', b'"\xc1\x81"', b'"\xe0\x80\xaf"', b'"\xed\xa0\x80"',
    b'"\xed\xb0\x80"', b'"\xf4\x90\x80\x80"', b'"\xf8\x88\x80\x80\x80"', b'"\xe2\x82"', b'"\x80"',
    b"\xef\xbb\xbf1", b"\xff\xfe1\x00", b"\xfe\xff\x001", '{"a":1}'.encode("utf-16"),
    '{"a":1}'.encode("utf-16-le"), '{"a":1}'.encode("utf-32"), '"\u20ac"'.encode("cp1252"),
]  # fmt: skip

REPEATED = [
    '{"a":1,"a":1}', '{"a":1,"a":2}', '{"a":1,"b":2,"a":3}', '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"a":2}', '{"x":{"a":1,"a":2}}', '[{"a":1,"a":2}]', '{"":1,"":2}',
    '{"a":{"a":1},"a":2}', '{"\\/":1,"/":2}', '{"\\u00e9":1,"\u00e9":2}',
]  # fmt: skip

SOUND = [
    ("0", 0), ("-0", 0), ("-1", -1), ("1.5", Decimal("1.5")), ("1.50", Decimal("1.50")),
    ("1e3", Decimal("1E+3")), ("1E-3", Decimal("0.001")), ("9" * 32, int("9" * 32)), ('""', ""),
    ('"\\u00e9"', "\u00e9"), ('"\\ud83d\\ude00"', "\U0001f600"), ('"\\\\u0000"', "\\u0000"),
    ('"\ufeff"', "\ufeff"), ('"\u2028"', "\u2028"), ("[]", []), ("{}", {}), (" [ ] ", []),
    ('{"a":{"b":[1,2]}}', {"a": {"b": [1, 2]}}), ("null", None), ("true", True),
    ('{"a":1,"A":2}', {"a": 1, "A": 2}), ('{"\u00e9":1,"e\u0301":2}', {"\u00e9": 1, "e\u0301": 2}),
    ('"[[[[["', "[[[[["), ('["\\"[{","]"]', ['"[{', "]"]),
]  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_not_json_is_refused(text):
    with pytest.raises(JsonMalformed):
        strict_json.read(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("data", NOT_UTF_8)
def test_what_is_not_utf_8_is_refused(data):
    with pytest.raises(JsonMalformed):
        strict_json.read(data)


@pytest.mark.parametrize("text", REPEATED)
def test_a_name_that_is_repeated_is_refused(text):
    with pytest.raises(NameRepeated):
        strict_json.read(text.encode())


@pytest.mark.parametrize(("text", "value"), SOUND)
def test_sound_json_is_read_exactly(text, value):
    found = strict_json.read(text.encode())

    assert found == value
    assert str(found) == str(value)
    assert type(found) is type(value)


def test_32_levels_are_enough_and_33_too_many():
    strict_json.read(b"[" * DEEPEST + b"]" * DEEPEST)
    with pytest.raises(JsonMalformed, match="deep"):
        strict_json.read(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))


def test_brackets_in_text_are_not_depth():
    assert strict_json.read(b'["' + b"[" * 1000 + b'\\"' + b"{" * 1000 + b'"]')


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    with suppress(JsonMalformed):
        strict_json.read(data)


texts = st.text('ab"\\[]{}:,/ \n\u00e9\u2028\U0001f600')
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@given(values, st.booleans())
def test_what_python_writes_is_read_as_it_was(value, ascii_only):
    written = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8")

    assert strict_json.read(written) == value
