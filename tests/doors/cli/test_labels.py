"""`pharmacy labels fonts`: what draws which script on this machine."""

import pytest
from click.testing import CliRunner, Result

from pharmacy.cli import main
from pharmacy.labels.pdf import fonts
from tests.rules.labels.test_stand_ins import DROID, MICROHEI, needs_fonts


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PHARMACY_FALLBACK_FONTS", raising=False)


def shown(named: str = "") -> Result:
    try:
        environment = {"PHARMACY_FALLBACK_FONTS": named}
        return CliRunner().invoke(main, ["labels", "fonts"], env=environment)
    finally:
        fonts.fall_back_on([])


def test_without_a_font_chinese_is_said_to_be_refused() -> None:
    result = shown()

    assert result.exit_code == 0
    assert "Cyrillic: 156 by our own faces\n" in result.output
    assert "Han: refused\n" in result.output
    assert "Hangul: refused\n" in result.output


@needs_fonts
def test_it_says_which_file_draws_which_script_and_the_files_digests() -> None:
    """Debian's Droid Sans Fallback has no more than 3 of the 11,172 syllables of Korean."""
    result = shown(f"{DROID}:{MICROHEI}")

    assert result.exit_code == 0
    assert f"{DROID}\n" in result.output
    assert f"{MICROHEI}\n" in result.output
    assert "Hangul: 3 by DroidSansFallback" in result.output
    assert ", 11169 by WenQuanYiMicroHei" in result.output


def test_a_file_that_is_not_there_is_named_and_nothing_starts() -> None:
    result = shown("/nowhere/font.ttf")

    assert result.exit_code == 1
    assert "font-unusable: the font font.ttf cannot be read" in result.output
    assert "  file: /nowhere/font.ttf" in result.output
