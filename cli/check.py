"""`check`: the invariants of docs/domain.md on the books as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument

from cli.options import Json, some_id

if TYPE_CHECKING:
    from rich.console import Console

    from activities.adapters.sql.auditor import Audited
    from cli.books import Books
    from domain.events import Event
    from statemachines.audit import Invariant, Violation

KEY = "check"


class Findings:
    """What was looked at, and what does not hold."""

    def __init__(self) -> None:
        self.subscriptions = self.events = self.rows = 0
        self.access_behind: list[str] = []
        self.violations: list[Violation] = []

    def add(self, audited: Audited) -> None:
        """One more life."""
        self.subscriptions += 1
        self.events += audited.events
        self.rows += audited.rows
        self.violations += audited.violations
        if not audited.access_confirmed:
            self.access_behind.append(audited.subscription_id)

    def of(self, invariant: Invariant) -> list[Violation]:
        """Those of one invariant."""
        return [violation for violation in self.violations if violation.invariant is invariant]


def check(
    subscriptions: Annotated[
        list[str] | None, Argument(metavar="[ID...]", parser=some_id, help="These subscriptions.", show_default="all")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that the books keep the rules, and were not altered.

    Invariants 1 to 6 and 8, and MON-2. Reads only, also while a worker writes. Exit code 1 if anything does not hold.
    """
    from cli.books import opened_books
    from cli.failure import ExitCode, Failure
    from cli.printable import counted
    from cli.progress import Progress
    from cli.running import run
    from cli.screen import console, print_json

    async def look() -> Findings:
        findings = Findings()
        async with opened_books() as books:
            with Progress() as progress:
                progress.begin(KEY, "check the books")
                async for audited in _audited(books, list(dict.fromkeys(subscriptions or []))):
                    findings.add(audited)
                    progress.note(KEY, counted(findings.subscriptions, "subscription"))
                progress.end(KEY)
        return findings

    findings = run(look())
    if as_json:
        print_json(_document(findings))
    else:
        _print(console(), findings)
    if findings.violations:
        raise Failure(code=ExitCode.FAILED)


async def _audited(books: Books, wanted: list[str]) -> AsyncIterator[Audited]:
    """Those that are wanted, or all, a page at a time. Raises Failure for one that the books do not know."""
    from cli.failure import Failure

    for subscription_id in wanted:
        found = await books.auditor.one(subscription_id)
        if found is None:
            raise Failure(f"The books know no subscription {subscription_id}; see: starter.py list")
        yield found
    after: str | None = None
    while not wanted and (page := await books.auditor.page(after=after)):
        for audited in page:
            yield audited
        after = page[-1].subscription_id


def _document(findings: Findings) -> dict[str, Any]:
    from statemachines.audit import WORDS
    from statemachines.document import event_document, ledger_document

    return {
        "subscriptions": findings.subscriptions,
        "events": findings.events,
        "ledger_rows": findings.rows,
        "invariants": [
            {"invariant": invariant.value, "words": words, "violations": len(findings.of(invariant))}
            for invariant, words in WORDS.items()
        ],
        "access_behind": findings.access_behind,
        "violations": [
            {
                "subscription_id": violation.subscription_id,
                "invariant": violation.invariant.value,
                "words": violation.words,
                "ledger": ledger_document(violation.rows),
                "events": [event_document(event) for event in violation.events],
            }
            for violation in findings.violations
        ],
    }


def _print(screen: Console, findings: Findings) -> None:
    from cli.columns import print_columns
    from cli.printable import counted
    from statemachines.audit import WORDS

    lives, events = counted(findings.subscriptions, "subscription"), counted(findings.events, "event")
    screen.print(f"{lives}, {events}, {counted(findings.rows, 'ledger row')}", soft_wrap=True)
    screen.print()
    rows = []
    for invariant, words in WORDS.items():
        broken = len(findings.of(invariant))
        rows.append((invariant.value, counted(broken, "violation") if broken else "holds", words))
    print_columns(screen, ("INVARIANT", "", "IN WORDS"), rows)
    if findings.access_behind:
        behind = counted(len(findings.access_behind), "subscription")
        screen.print()
        screen.print(f"Access of {behind} is not confirmed up to the last event: see `show` for what waits.")
        screen.print(f"  {', '.join(findings.access_behind[:20])}", soft_wrap=True)
    for violation in findings.violations:
        screen.print()
        _print_violation(screen, violation)


def _print_violation(screen: Console, violation: Violation) -> None:
    from rich.text import Text

    from cli.printable import instant, printable, quantity
    from cli.story import signed

    heading = f"{violation.subscription_id}  invariant {violation.invariant}: {violation.words}"
    screen.print(Text(printable(heading), style="yellow"), soft_wrap=True)
    for event in violation.events:
        screen.print(printable(f"  event {_event(event)}"), soft_wrap=True)
    for row in violation.rows:
        what = f"{row.kind} {quantity(row.quantity)} x {row.line} {row.currency} {signed(row)}"
        screen.print(printable(f"  row   {instant(row.at)}  {what}  {row.key}"), soft_wrap=True)


def _event(event: Event) -> str:
    from cli.printable import instant

    return f"{event.seq}  {instant(event.at)}  {event.event}, {event.state}, {event.rule}, by {event.by}"
