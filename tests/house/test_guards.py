"""What we would otherwise have to remember of the house."""

import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted((ROOT / "pharmacy").rglob("*.py"))
LONGEST = 400


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text().splitlines()
    found = (re.match(r"([A-Za-z0-9_.-]+)==([^ ;\\]+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def test_no_module_is_too_long_to_read() -> None:
    lengths = {str(path): len(path.read_text().splitlines()) for path in SOURCES}

    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_rules_know_no_float() -> None:
    """A dose that was a binary fraction once is wrong for ever. Points on paper may be such."""
    suspects = []
    for path in SOURCES:
        if {"rules", "rules.py"} & set(path.parts) and "labels" not in path.parts:
            with path.open("rb") as stream:
                for token in tokenize.tokenize(stream.readline):
                    name = token.type == tokenize.NAME and token.string == "float"
                    number = token.type == tokenize.NUMBER and re.search(r"[.eE]", token.string)
                    hexadecimal = token.string.lower().startswith("0x")
                    if name or (number and not hexadecimal):
                        suspects.append(f"{path}:{token.start[0]}")

    assert suspects == []


@pytest.mark.parametrize(
    "lock", ["requirements.lock", "requirements-dev.lock", "requirements-uv.lock"]
)
def test_locks_name_no_host_and_check_every_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert "://" not in text
    assert pins(lock)
    assert len(pins(lock)) == len(re.findall(r"==\S+(?: ;.*)? \\\n    --hash=sha256:", text))


def test_what_we_develop_with_holds_what_we_ship() -> None:
    """So that `./run test` and then `./run demo` install nothing twice."""
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()
