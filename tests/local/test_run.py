"""What the `run` script says on machines that lack something."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.services import ROOT

TOOLS = ("sh", "dirname", "cat", "cksum", "rm")
NO_VENV = """#!/bin/sh
case $2 in *ensurepip*) exit 1 ;; *prefix*) exit 1 ;; esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout with `run` alone, and a PATH with the few tools that it needs."""
    shutil.copy(ROOT / "run", tmp_path / "run")
    for lock in ROOT.glob("requirements*.lock"):
        shutil.copy(lock, tmp_path / lock.name)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (tools / tool).symlink_to(found)
    return tmp_path


def run(machine: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [machine / "run", *words],
        env={"PATH": str(machine / "tools"), "HOME": str(machine)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_python_it_names_what_to_install(machine: Path) -> None:
    tried = run(machine, "demo")

    assert tried.returncode == 2
    assert "Python 3.11 or newer" in tried.stderr
    assert "apt install python3 python3-venv" in tried.stderr


def test_without_venv_it_prints_the_one_line_to_install_it(machine: Path) -> None:
    python = machine / "tools" / "python3"
    python.write_text(NO_VENV)
    python.chmod(0o755)

    tried = run(machine, "demo")

    assert tried.returncode == 2
    assert tried.stderr.splitlines()[-1].strip() == "apt install python3-venv"
    assert not (machine / ".venv").exists()


def test_it_is_a_short_script_for_any_shell() -> None:
    script = (ROOT / "run").read_text()

    assert script.startswith("#!/bin/sh\n")
    assert len(script.splitlines()) < 80
    assert os.access(ROOT / "run", os.X_OK)
