"""
The operator's commands, one module for each, imported only when it is called.

To add one: write `pharmacy/cli/<name>.py` with a click command or group, and a line in COMMANDS.
"""

import importlib
from typing import Final

import click

import pharmacy
from pharmacy.cli.context import refusing_in_words

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    # name: (module:attribute, what it is for); in the order in which help shows them
    "demo": (
        "pharmacy.cli.demo:demo",
        "Walk one prescription from signature to labels.",
    ),
    "up": ("pharmacy.cli.up:up", "Serve the pharmacy on this machine until Ctrl-C."),
    "sign": (
        "pharmacy.cli.prescriptions:sign",
        "Sign a FHIR bundle, as a clinic's system does.",
    ),
    "submit": ("pharmacy.cli.prescriptions:submit", "Send a signed prescription to a pharmacy."),
    "labels": (
        "pharmacy.cli.labels:labels",
        "Write labels of batches and lots, and the sheet of action barcodes.",
    ),
    "evidence": (
        "pharmacy.cli.evidence:evidence",
        "Verify again what a prescriber signed.",
    ),
    "registry": ("pharmacy.cli.registry:registry", "Import NPPES, exclusions and licenses."),
    "keys": ("pharmacy.cli.keys:keys", "Prescribers' public keys: list, add, revoke."),
    "staff": ("pharmacy.cli.staff:staff", "Accounts and roles; the first administrator."),
    "clients": ("pharmacy.cli.clients:clients", "Clinics' systems and their API keys."),
    "policy": ("pharmacy.cli.policy:policy", "Read and change the pharmacy's policies."),
    "formulations": (
        "pharmacy.cli.formulations:formulations",
        "Master formulation records in force.",
    ),
    "batches": ("pharmacy.cli.batches:batches", "What orders need made, and what is being made."),
    "samples": ("pharmacy.cli.samples:samples", "Capsules at laboratories: due, sent, answered."),
    "printers": ("pharmacy.cli.printers:printers", "Printers, and what they are to print."),
    "print-agent": (
        "pharmacy.cli.print_agent:print_agent",
        "Print for a server that is elsewhere.",
    ),
    "recalls": ("pharmacy.cli.recalls:recalls", "Trace lots to vials and back; recalls."),
    "jobs": ("pharmacy.cli.jobs:jobs", "Work that is owed: list, show, retry."),
    "audit": ("pharmacy.cli.audit:audit", "Verify the audit chain; read the record."),
    "check": ("pharmacy.cli.check:check", "Find records that contradict each other."),
    "migrate": ("pharmacy.cli.database:migrate", "Bring the database to the newest schema."),
    "api": ("pharmacy.cli.process:api", "Run the HTTP server."),
    "worker": ("pharmacy.cli.process:worker", "Run a worker; start as many as you like."),
    "relay": ("pharmacy.cli.process:relay", "Run the relay, which tells workers of owed jobs."),
    "beat": ("pharmacy.cli.process:beat", "Run the clock that starts periodic work."),
}


class Commands(click.Group):
    """A group that shows its whole help without importing a single command."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        with refusing_in_words():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pharmacy.__version__, prog_name="pharmacy")
def main() -> None:
    """
    Order fulfilment for a compounding pharmacy that makes low-dose naltrexone capsules.

    \b
    Start here:
      ./run demo                  see the whole path on a database of its own
      ./run up                    serve on this machine, data kept in .var/
      ./run jobs list             what is owed, in the stack that `up` started
      ./run COMMAND --help        how each command is used, with examples

    Commands work on the servers that DATABASE_URL and REDIS_URL name; where these are not set, on
    the stack that `./run up` is running in this folder.
    """
