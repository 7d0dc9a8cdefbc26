"""`python -m benchmarks`: every benchmark with small counts, one after the other."""

import subprocess
import sys
from typing import Final

EACH: Final = (
    ("intake", "--count", "160", "--rounds", "5"),
    ("labels", "--labels", "200", "--rounds", "5"),
    ("jobs", "--count", "100", "--rounds", "3"),
    ("latency", "--count", "20"),
    ("memory",),
)
"""In processes of their own, so that none is measured with another's memory or warmth."""


def main() -> int:
    """Run all; return how many failed."""
    return sum(
        subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *options], check=False
        ).returncode
        != 0
        for name, *options in EACH
    )


if __name__ == "__main__":
    sys.exit(main())
