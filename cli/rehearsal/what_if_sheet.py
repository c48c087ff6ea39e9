"""How a comparison of two courses is printed: only what differs, side by side."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from cli.printing.screen import amount, console, counted, moment, printable, second, zone
from cli.printing.tables import print_columns
from cli.rehearsal.command_line import command_line
from domain.subscription.commands import Command
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import AccessInterval
from domain.values import Worded
from statemachines.preview.comparison import Comparison, Moment, Sums

SIDES = ("WITHOUT", "WITH")
NONE = "-"


def print_comparison(found: Comparison, commands: Sequence[Command]) -> None:
    """Print the answers, then what happens otherwise and what it comes to."""
    screen = console()
    span = f"{second(found.now)} to {moment(found.tried.until)}"
    screen.print(Text(f"{found.subscription_id}, {span}, with {counted(len(commands), 'command')}", "bold"))
    for command, answer in zip(commands, found.tried.answers, strict=True):
        _print_answer(screen, command, answer)
    screen.print()
    if found.same:
        screen.print("Nothing differs: events, money, access and what comes next are the same.", soft_wrap=True)
        return
    moments = [
        (second(at), _happens(before, found.currency), _happens(after, found.currency))
        for at, (before, after) in found.moments().items()
    ]
    if moments:
        print_columns(screen, (f"WHEN ({zone()})", *(f"{side} ({found.currency})" for side in SIDES)), moments)
        screen.print()
    _print_money(screen, found)
    ends = list(_ends(found))
    print_columns(screen, (f"AT {second(found.tried.until)}", *SIDES), ends)


def _print_answer(screen: Console, command: Command, answer: Answer) -> None:
    refused = answer.outcome in {Outcome.REFUSED, Outcome.UNCHANGED}
    screen.print(Text(f"{second(answer.at)}  $ {printable(command_line(command))}", "bold cyan"), soft_wrap=True)
    words = f"{answer.outcome}, {answer.rule}: {printable(answer.message)}"
    screen.print(Text(f"{'':21}{words}", "yellow" if refused else "cyan"), soft_wrap=True)


def _happens(moment: Moment, currency: str) -> str:
    """Such as `renewed (REN-1): 50.00`."""
    names = ", ".join(f"{event.event} ({event.rule})" for event in moment.events)
    if not moment.rows:
        return names or NONE
    money = amount(Sums.of(moment.rows, currency).net)
    return f"{names}: {money}" if names else money


def _print_money(screen: Console, found: Comparison) -> None:
    """What it comes to, and the months whose invoices differ."""
    before, after = found.sums
    if before != after:
        lines = [
            _compared(name, getattr(before, name), getattr(after, name)) for name in ("charged", "credited", "net")
        ]
        print_columns(screen, (found.currency, *SIDES, "DIFFERENCE"), lines, right=(*SIDES, "DIFFERENCE"))
        screen.print()
    if months := found.months():
        lines = [_compared(month, one.net, other.net) for month, (one, other) in months.items()]
        print_columns(screen, ("INVOICED FOR", *SIDES, "DIFFERENCE"), lines, right=(*SIDES, "DIFFERENCE"))
        screen.print()


def _compared(name: str, before: Decimal, after: Decimal) -> tuple[str, ...]:
    return name, amount(before), amount(after), f"{after - before:+,f}"


def _ends(found: Comparison) -> Iterator[tuple[str, str, str]]:
    """How both stand at the end, and what comes next."""
    nothing, tried = found.nothing, found.tried
    yield "state", nothing.subscription.state, tried.subscription.state
    if nothing.access != tried.access:
        yield "users' access", _access(nothing.access), _access(tried.access)
    for before, after in found.milestones():
        what: Worded = (before or after).what  # type: ignore[union-attr]  # one of the two is there
        yield f"next {what}", second(before.at) if before else NONE, second(after.at) if after else NONE


def _access(intervals: Sequence[AccessInterval]) -> str:
    spans = (f"{second(each.start)} to {second(each.end) or 'the end'}" for each in intervals)
    return ", ".join(spans) or "never"
