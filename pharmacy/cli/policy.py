"""`pharmacy policy`: read and change what the pharmacy decides for itself."""

import json
from datetime import UTC, date, datetime

import click

from pharmacy.cli.context import database
from pharmacy.practice import operations, queries
from pharmacy.practice.rules import DEFAULTS, NAMES, LicenseScope, SiteFacts, UnknownPolicy, to_data
from pharmacy.staff.rules import OPERATOR


@click.group()
def policy() -> None:
    """
    Read and change the pharmacy's policies, its description and its licences.

    \b
    pharmacy policy list
    pharmacy policy show refill_percent
    pharmacy policy set refill_percent 80 --reason "agreed with the insurer"
    """


@policy.command("list")
def list_all() -> None:
    """Show every policy with its value in force; * marks one that differs from the default."""
    with database().transaction() as session:
        in_force = queries.policy(session)
    for name in NAMES:
        value = getattr(in_force, name)
        mark = " " if value == getattr(DEFAULTS, name) else "*"
        click.echo(f"{mark} {name} = {json.dumps(to_data(value))}")


@policy.command()
@click.argument("name")
def show(name: str) -> None:
    """Show one policy: its value, its default and every change, newest first."""
    if name not in NAMES:
        raise UnknownPolicy(f"there is no policy named {name}", name=name)
    with database().transaction() as session:
        in_force = getattr(queries.policy(session), name)
        changes = queries.history(session, name)
    click.echo(f"{name} = {json.dumps(to_data(in_force))}")
    click.echo(f"default: {json.dumps(to_data(getattr(DEFAULTS, name)))}")
    for change in changes:
        value = json.dumps(change.value["value"])
        click.echo(f"{change.changed_at:%Y-%m-%d %H:%M} UTC  {value}  {change.reason}")


@policy.command("set")
@click.argument("name")
@click.argument("value")
@click.option("--reason", required=True, help="Why it changes; kept for good.")
def set_value(name: str, value: str, reason: str) -> None:
    """
    Put a value in force from now on.

    VALUE is JSON: 80, true, ["208"]. Decimals and words may go without quotation marks.

    \b
    pharmacy policy set minimum_weighable_mg 82 --reason "a balance that shows 0.1 mg"
    """
    with database().transaction() as session:
        operations.change_policy(
            session, name, read(name, value), reason=reason, by=OPERATOR, now=datetime.now(UTC)
        )
    click.echo(f"{name} is now {value}")


@policy.command()
@click.option("--name", required=True)
@click.option("--npi", required=True, help="The pharmacy's own.")
@click.option("--address-line", required=True)
@click.option("--city", required=True)
@click.option("--state", required=True, help="Two letters.")
@click.option("--postal-code", required=True)
@click.option("--phone", required=True)
@click.option("--phone-hours", required=True, help="As labels and leaflets say it.")
@click.option("--time-zone", required=True, help="America/Chicago, …: dates on labels are local.")
def site(**facts: str) -> None:
    """Describe the pharmacy, as its labels name it."""
    with database().transaction() as session:
        described = SiteFacts(**facts)
        operations.set_up_site(session, described, by=OPERATOR, now=datetime.now(UTC))
    click.echo(f"{facts['name']} is described")


@policy.command("license")
@click.argument("state")
@click.option("--number", required=True)
@click.option("--expires-on", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in LicenseScope]),
    default=LicenseScope.SHIP.value,
    help="ship: by carrier as well; collect: only to who comes to the counter.",
)
def licence_state(state: str, number: str, expires_on: datetime, scope: str) -> None:
    """Record that the pharmacy may dispense into another STATE until a day."""
    until: date = expires_on.date()
    with database().transaction() as session:
        operations.license_state(
            session,
            state.upper(),
            number=number,
            expires_on=until,
            scope=LicenseScope(scope),
            by=OPERATOR,
            now=datetime.now(UTC),
        )
    click.echo(f"licensed into {state.upper()} until {until}")


@policy.command("partials")
@click.argument("state", required=False)
@click.option("--allowed/--refused", "is_allowed", default=None)
@click.option("--source", default="", help="The statute, the rule or the board's letter.")
def partials(state: str | None, source: str, *, is_allowed: bool | None) -> None:
    """
    Record whether a STATE allows partial fills; without a STATE, list what is recorded.

    \b
    pharmacy policy partials NJ --refused --source "letter of the board of 3 March 2026"
    """
    with database().transaction() as session:
        if state is None:
            for rule in queries.partial_rules(session):
                word = "allowed" if rule.is_allowed else "refused"
                click.echo(f"{rule.state}  {word}  {rule.source}")
            click.echo("any other State: allowed in general, not verified")
            return
        if is_allowed is None:
            raise click.UsageError("say --allowed or --refused")
        operations.rule_partials(
            session,
            state.upper(),
            is_allowed=is_allowed,
            source=source,
            by=OPERATOR,
            now=datetime.now(UTC),
        )
    click.echo(f"partial fills in {state.upper()}: {'allowed' if is_allowed else 'refused'}")


def read(name: str, value: str) -> object:
    """Return a value as JSON holds it; what is not JSON, and every decimal, is text."""
    if isinstance(getattr(DEFAULTS, name, None), str) or "." in value:
        return value
    try:
        found: object = json.loads(value)
    except ValueError:
        return value
    return found
