"""The folder where a local stack keeps its data, and what a running one tells other commands."""

import json
import os
from pathlib import Path

RUNNING = "running.json"


def running_stack(folder: Path) -> dict[str, str]:
    """Return the environment of the stack that runs on `folder`, or nothing when none does."""
    try:
        told = json.loads((folder / RUNNING).read_text())
        os.kill(told["pid"], 0)
    except (OSError, ValueError, KeyError):
        return {}
    return {str(name): str(value) for name, value in told["environment"].items()}
