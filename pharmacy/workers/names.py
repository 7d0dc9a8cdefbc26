"""What messages are called that are not about a job. Those about one have the name of its kind."""

from typing import Final

SWEEP: Final = "ticks.sweep"
SEAL: Final = "ticks.seal"
QUESTIONS: Final = "ticks.questions"
PAPER: Final = "ticks.paper"
CHECK: Final = "ticks.check"
