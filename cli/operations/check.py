"""`check`: check the invariants of docs/domain.md in the database."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from rich.console import Console
from rich.text import Text
from typer import Argument

from cli.failure import Failure
from cli.options import Json, some_id
from cli.printing.ledger import signed
from cli.printing.progress import Progress
from cli.printing.screen import console, counted, instant, print_json, printable, quantity
from cli.printing.tables import print_columns
from cli.running import use
from domain.account.events import AccountEvent
from domain.subscription.events import Event
from perennial.sources.books import Books, unknown_to_books
from perennial.use_cases import Perennial
from statemachines.account.documents import lines_document
from statemachines.audit.account import AccountViolation, AuditedAccount
from statemachines.audit.subscription import Audited, Invariant, Violation
from statemachines.subscription.documents import event_document, ledger_document

KEY = "check"


class Findings:
    """How much was checked, and the violations that were found."""

    def __init__(self) -> None:
        self.subscriptions = self.events = self.rows = self.invoices = 0
        self.access_behind: list[str] = []
        self.violations: list[Violation | AccountViolation] = []
        self.noted: list[tuple[str, Event | AccountEvent]] = []
        """What operators settled with the books, with the subscription or the customer."""

    def add(self, audited: Audited) -> None:
        """Count one more subscription."""
        self.subscriptions += 1
        self.events += audited.events
        self.rows += audited.rows
        self.violations += audited.violations
        self.noted += [(audited.subscription_id, event) for event in audited.noted]
        if not audited.access_confirmed:
            self.access_behind.append(audited.subscription_id)

    def add_account(self, audited: AuditedAccount) -> None:
        """Count one more customer's account."""
        self.invoices += audited.invoices
        self.violations += audited.violations
        self.noted += [(audited.customer_id, event) for event in audited.noted]

    def of(self, invariant: Invariant) -> list[Violation | AccountViolation]:
        """The violations of one invariant."""
        return [violation for violation in self.violations if violation.invariant is invariant]


def check(
    subscriptions: Annotated[
        list[str] | None,
        Argument(metavar="[ID...]", parser=some_id, help="Only these.", show_default="all"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that the books keep the rules and were not altered.

    Checks invariants 1 to 6, 8, 13 and MON-2; without IDs also 14: every customer's invoices, payments and double
    entry. It only reads, and can run beside a worker. What an operator has settled (`conflict`) is listed as noted.
    Exit code 1 if anything else does not hold.

    Example: check crm-1
    """

    async def look(perennial: Perennial) -> Findings:
        findings, books = Findings(), await perennial.sources.books()
        with Progress() as progress:
            progress.begin(KEY, "check the books")
            async for audited in _audited(books, list(dict.fromkeys(subscriptions or []))):
                findings.add(audited)
                progress.note(KEY, counted(findings.subscriptions, "subscription"))
            if not subscriptions:
                await _accounts(books, findings)
            progress.end(KEY)
        return findings

    findings = use(look)
    if as_json:
        print_json(_document(findings))
    else:
        _print(console(), findings)
    if findings.violations:
        raise Failure()


async def _audited(books: Books, wanted: list[str]) -> AsyncIterator[Audited]:
    """The wanted subscriptions, or all if none are named. Raises NotInBooks for one that the books do not know."""
    for subscription_id in wanted:
        found = await books.subscription_auditor.one(subscription_id)
        if found is None:
            raise unknown_to_books(subscription_id)
        yield found
    after: str | None = None
    while not wanted and (page := await books.subscription_auditor.page(after=after)):
        for audited in page:
            yield audited
        after = page[-1].subscription_id


async def _accounts(books: Books, findings: Findings) -> None:
    """Check every customer's account, and the series of invoice numbers."""
    after: str | None = None
    while page := await books.account_auditor.page(after=after):
        for audited in page:
            findings.add_account(audited)
        after = page[-1].customer_id
    findings.violations += await books.account_auditor.series()


def _document(findings: Findings) -> dict[str, Any]:
    return {
        "subscriptions": findings.subscriptions,
        "events": findings.events,
        "ledger_rows": findings.rows,
        "invoices": findings.invoices,
        "invariants": [
            {"invariant": invariant.value, "words": invariant.words, "violations": len(findings.of(invariant))}
            for invariant in Invariant
        ],
        "access_behind": findings.access_behind,
        "noted": [_noted_document(subject, event) for subject, event in findings.noted],
        "violations": [_violation_document(violation) for violation in findings.violations],
    }


def _noted_document(subject: str, event: Event | AccountEvent) -> dict[str, Any]:
    assert event.settled is not None
    return {
        "customer_id" if isinstance(event, AccountEvent) else "subscription_id": subject,
        **event.model_dump(mode="json", include={"seq", "at", "by", "actor"}),
        "reason": event.details,
        **event.settled.model_dump(mode="json", include={"key", "choice", "fields"}),
    }


def _violation_document(violation: Violation | AccountViolation) -> dict[str, Any]:
    found = {"invariant": violation.invariant.value, "words": violation.words}
    if isinstance(violation, AccountViolation):
        return {"customer_id": violation.customer_id, **found, "ledger": lines_document(violation.lines), "events": []}
    return {
        "subscription_id": violation.subscription_id,
        **found,
        "ledger": ledger_document(violation.rows),
        "events": [event_document(event) for event in violation.events],
    }


def _print(screen: Console, findings: Findings) -> None:
    lives, events = counted(findings.subscriptions, "subscription"), counted(findings.events, "event")
    invoices = f", {counted(findings.invoices, 'invoice')}" if findings.invoices else ""
    screen.print(f"{lives}, {events}, {counted(findings.rows, 'ledger row')}{invoices}", soft_wrap=True)
    screen.print()
    rows = []
    for invariant in Invariant:
        broken = len(findings.of(invariant))
        rows.append((invariant.value, counted(broken, "violation") if broken else "holds", invariant.words))
    print_columns(screen, ("INVARIANT", "", "IN WORDS"), rows)
    if findings.access_behind:
        behind = counted(len(findings.access_behind), "subscription")
        screen.print()
        screen.print(
            f"Access of {behind} is not confirmed up to the last event; `show` says what waits.", soft_wrap=True
        )
        screen.print(f"  {', '.join(findings.access_behind[:20])}", soft_wrap=True)
    if findings.noted:
        screen.print()
        screen.print("Noted deviations, settled by operators:", soft_wrap=True)
    for subject, event in findings.noted:
        assert event.settled is not None
        who = f"{event.by} {event.actor}" if event.actor else event.by
        what = f"{event.settled.key} {event.settled.choice}, by {who}: {event.details}"
        screen.print(printable(f"  {subject}  event {event.seq}  {instant(event.at)}  {what}"), soft_wrap=True)
    for violation in findings.violations:
        screen.print()
        _print_violation(screen, violation)


def _print_violation(screen: Console, violation: Violation | AccountViolation) -> None:
    subject = violation.customer_id if isinstance(violation, AccountViolation) else violation.subscription_id
    heading = f"{subject}  invariant {violation.invariant}: {violation.words}"
    screen.print(Text(printable(heading), style="yellow"), soft_wrap=True)
    for event in () if isinstance(violation, AccountViolation) else violation.events:
        what = f"{event.event}, {event.state}, {event.rule}, by {event.by}"
        screen.print(printable(f"  event {event.seq}  {instant(event.at)}  {what}"), soft_wrap=True)
    lines = [line.row for line in violation.lines] if isinstance(violation, AccountViolation) else violation.rows
    for row in lines:
        what = f"{row.kind} {quantity(row.quantity)} x {row.line} {row.currency} {signed(row)}"
        screen.print(printable(f"  row   {instant(row.at)}  {what}  {row.key}"), soft_wrap=True)
