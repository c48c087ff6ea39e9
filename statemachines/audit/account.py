"""Checks invariant 14 and the double entry on a customer's books: pure, shared by the tests and `check`."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal

from domain.account.events import AccountEvent, AccountEventName
from domain.account.invoice import totals, totals_of
from domain.account.lines import InvoiceLine
from domain.subscription.ledger import Kind
from domain.values import Frozen, format_instant
from statemachines.account.standing import Standing, standing_of
from statemachines.audit.corrections import corrections_keep_their_bounds
from statemachines.audit.credit import credit_is_carried_over, no_credit_beside_debt, settlements_match_the_journal
from statemachines.audit.dunning import dunning_follows_the_net
from statemachines.audit.entries import entries_match_the_books, every_entry_balances
from statemachines.audit.holds import holds_match_the_journal
from statemachines.audit.recorded_account import Found, RecordedAccount
from statemachines.audit.subscription import Invariant
from statemachines.audit.taxes import credits_are_taxed_as_charged, taxes_match_the_lines
from statemachines.audit.terms import invoices_keep_their_terms


class AccountViolation(Frozen):
    """One invariant that does not hold for a customer, in words, with the lines that show it."""

    customer_id: str
    invariant: Invariant
    words: str
    lines: tuple[InvoiceLine, ...] = ()


def audit_account(account: RecordedAccount) -> list[AccountViolation]:
    """Every violation in the customer's records; empty if all is well."""
    return [
        AccountViolation(customer_id=account.customer_id, invariant=invariant, words=words, lines=lines)
        for invariant, checks in CHECKS.items()
        for check in checks
        for words, lines in check(account)
    ]


def _sum_of(lines: Iterator[InvoiceLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.row.currency] += line.row.amount if line.row.kind is Kind.CHARGE else -line.row.amount
    return sums


def _place(line: InvoiceLine) -> tuple[str, str]:
    return line.subscription_id, line.row.key


def _invoices_add_up_to_the_ledger(account: RecordedAccount) -> Iterator[Found]:
    on_invoices = {_place(line) for invoice in account.invoices for line in invoice.lines}
    waiting = _sum_of(line for line in account.rows if _place(line) not in on_invoices)
    invoiced: dict[str, Decimal] = defaultdict(Decimal)
    for invoice in account.invoices:
        if invoice.head.taken_over is None:
            invoiced[invoice.head.currency] += invoice.head.totals.total
    ledger = _sum_of(iter(account.rows))
    for currency in sorted({*ledger, *invoiced}):
        found = invoiced[currency] + waiting[currency]
        if found != ledger[currency]:
            yield f"invoices and uninvoiced rows add up to {currency} {found:f}, the ledger to {ledger[currency]:f}", ()


def _each_row_on_one_invoice(account: RecordedAccount) -> Iterator[Found]:
    count = Counter(_place(line) for invoice in account.invoices for line in invoice.lines)
    twice = tuple(line for line in account.rows if count[_place(line)] > 1)
    if twice:
        yield "some rows are on two invoices", twice


def _unchanged_since_closed(account: RecordedAccount) -> Iterator[Found]:
    heads = {invoice.head.invoice: invoice.head for invoice in account.invoices}
    for receipt in account.receipts:
        for head in receipt.invoices:
            if heads.get(head.invoice) != head:
                yield f"{head.invoice} was changed after it was closed", ()
    taken_over = {event.opening.head.invoice: event.opening.head for event in account.events if event.opening}
    for name in sorted({*taken_over, *(name for name, head in heads.items() if head.taken_over is not None)}):
        if heads.get(name) != taken_over.get(name):
            yield f"{name} is not as the account has taken it over", ()


def _totals_match_the_lines(account: RecordedAccount) -> Iterator[Found]:
    for invoice in account.invoices:
        head = invoice.head
        if head.taken_over is not None:
            if head.totals != totals_of(head.totals.charges, Decimal(0), head.totals.carried_in, head.currency):
                yield f"the sums of {head.invoice} do not add up", ()
            continue
        settles = sum((each.amount for each in head.settles), Decimal(0))
        rows = (line.row for line in invoice.lines)
        of_lines = totals(rows, head.totals.carried_in, head.currency, settles, head.tax)
        if of_lines != head.totals:
            yield (
                f"{head.invoice} totals {head.currency} {head.totals.total:f}, its lines {of_lines.total:f}",
                invoice.lines,
            )
        foreign = tuple(line for line in invoice.lines if line.row.currency != head.currency)
        if foreign:
            yield f"{head.invoice} has lines in another currency", foreign


def _standings_match_the_journal(account: RecordedAccount) -> Iterator[Found]:
    for invoice in account.invoices:
        head = invoice.head
        wanted, listed = standing_of(head, account.events), account.standings.get(head.invoice)
        if listed is None or _figures(listed) != _figures(wanted):
            yield f"lists show {head.invoice} differently from the account's journal", ()
        if wanted.owed(head.totals.due) < 0:
            yield f"more was paid on {head.invoice} than was due", ()
    for number, event in enumerate(account.events, start=1):
        if event.seq != number:
            yield f"account event {event.seq} is where event {number} should be", ()
    received = [event for event in account.events if event.event is AccountEventName.PAYMENT_RECEIVED]
    paid = {event.payment_id or "": (event.amount, event.currency) for event in received}
    differing = {key for key in {*paid, *account.payments} if paid.get(key) != account.payments.get(key)}
    if differing - account.settled:
        yield "the payments differ from the account's journal", ()


def _figures(standing: Standing) -> tuple[object, ...]:
    """What the read model of lists has."""
    return standing.state, standing.paid, standing.settled, standing.credited + standing.written_off


def _nothing_ahead(account: RecordedAccount) -> Iterator[Found]:
    for event in account.events:
        if account.latest is not None and event.at > account.latest:
            yield f"account event {event.seq} is dated in the future ({format_instant(event.at)})", ()


CHECKS: dict[Invariant, tuple[Callable[[RecordedAccount], Iterator[Found]], ...]] = {
    Invariant.INVOICED: (
        _invoices_add_up_to_the_ledger,
        _each_row_on_one_invoice,
        _unchanged_since_closed,
        _totals_match_the_lines,
        taxes_match_the_lines,
        credits_are_taxed_as_charged,
        credit_is_carried_over,
        settlements_match_the_journal,
        _standings_match_the_journal,
        invoices_keep_their_terms,
        corrections_keep_their_bounds,
    ),
    Invariant.NO_CREDIT_BESIDE_DEBT: (no_credit_beside_debt, dunning_follows_the_net),
    Invariant.HELD: (holds_match_the_journal,),
    Invariant.NOT_AHEAD: (_nothing_ahead,),
    Invariant.DOUBLE_ENTRY: (every_entry_balances, entries_match_the_books),
}


class AuditedAccount(Frozen):
    """What was looked at of one customer, and what does not hold."""

    customer_id: str
    invoices: int
    entries: int
    violations: tuple[AccountViolation, ...]
    noted: tuple[AccountEvent, ...] = ()
    """The events by which an operator settled a conflict with the books (REP-1)."""
