"""That whoever follows a citation arrives."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
KINDS = {".py", ".md", ".toml", ".yml", ".js", ".html"}
NAME = r"(?:rules? \d+|[VER]\d\d?|\d\.\d\d?)\b"
CITED = re.compile(rf"domain\.md((?:(?:[,;]| and| to|)[\s#]+{NAME})+)")
BARE = re.compile(rf"domain\.md(?![)\w])(?![\s#]+{NAME})")
PAGE = re.compile(r"(?<![\w/.*<>|-])[\w./-]*\w\.md\b")


def texts() -> Iterator[tuple[Path, str]]:
    """Yield what we wrote, less this file, whose patterns are no citations."""
    rooms = ("pharmacy", "tests", "benchmarks", "docs", "alembic")
    for path in chain(ROOT.glob("*.*"), *((ROOT / room).rglob("*.*") for room in rooms)):
        if path.suffix in KINDS and path != Path(__file__) and "swagger-ui" not in path.parts:
            yield path, path.read_text(encoding="utf-8")


def names(reference: str) -> set[str]:
    """Return what can be cited: sections, worked examples, edge cases and rules."""
    sections = re.findall(r"^### (\d\.\d+) ", reference, re.MULTILINE)
    bold = re.findall(r"^- \*\*((?:V|E|rule )\d+)\*\*", reference, re.MULTILINE)
    screening = re.findall(r"^\| (R\d\d) \|", reference, re.MULTILINE)
    return {*sections, *bold, *screening}


def test_every_rule_that_is_cited_stands_in_the_reference() -> None:
    known = names((ROOT / "docs" / "domain.md").read_text(encoding="utf-8"))
    dangling = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, text in texts()
        for cited in CITED.findall(text)
        for name in re.findall(NAME, cited)
        if name.replace("rules", "rule") not in known
    ]

    assert len(known) > 100
    assert dangling == []


def test_code_cites_a_section_and_not_the_whole_reference() -> None:
    bare = [
        f"{path.relative_to(ROOT)}: {text[found.start() : found.end() + 30]}"
        for path, text in texts()
        if path.suffix == ".py"
        for found in BARE.finditer(text)
        if not text[: found.start()].endswith("docs/")
    ]

    assert bare == []


def test_every_page_that_is_cited_exists() -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {page}"
        for path, text in texts()
        for page in PAGE.findall(re.sub(r"https?://\S+", "", text))
        if not any((base / page).exists() for base in (ROOT, ROOT / "docs", path.parent))
    ]

    assert missing == []


def test_the_files_that_the_reference_names_exist() -> None:
    reference = (ROOT / "docs" / "domain.md").read_text(encoding="utf-8")
    paths = re.findall(r"`([a-z_]+/[a-z_/]+(?:\.py|/))`", reference)

    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / "pharmacy" / path).exists()] == []
