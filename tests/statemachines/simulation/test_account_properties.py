"""DOMAIN section 12, over random customers: the sum of invoices plus the uninvoiced balance equals the ledger (14)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, seed, settings

from domain.account.account import Look
from domain.account.events import AccountEventName
from domain.account.invoice import InvoiceState
from domain.account.lines import InvoiceLine
from domain.account.terms import HoldScope
from domain.rules import Rule
from domain.subscription.ledger import Kind
from statemachines.account.chasing import chased
from statemachines.account.standing import standing_of
from statemachines.audit.corrections import corrections_keep_their_bounds
from statemachines.audit.credit import no_credit_beside_debt, settlements_match_the_journal
from statemachines.audit.dunning import dunning_follows_the_net
from statemachines.audit.recorded_account import RecordedAccount
from statemachines.audit.taxes import credits_are_taxed_as_charged, taxes_match_the_lines
from statemachines.audit.terms import invoices_keep_their_terms
from statemachines.simulation.customer import CustomerSimulator
from tests.support.instants import DAY, TICK
from tests.support.simulated.owed import tax
from tests.support.simulated.random_customers import HORIZON, CountingBook, RandomCustomer, counted, customers
from tests.support.simulated.random_lives import START

ELSEWHERE = {AccountEventName.CONFLICT_SETTLED, AccountEventName.INVOICE_TAKEN_OVER}
"""An operator's, and a move's: no customer comes to them by what is asked here."""
WANTED = {
    *(
        {name.value for name in AccountEventName}
        - {AccountEventName.CONFLICT_SETTLED, AccountEventName.INVOICE_TAKEN_OVER}
    ),
    "lifts",
    "overpaid",
    "spread",
    "carried_in",
    "two currencies",
    "taxed",
    "at several rates",
}
"""What some of those customers must come to: else they would have shown nothing of it."""
ROUNDS, IN_ONE, AT_LEAST = 16, 40, 3
"""Small rounds: customers of one round are much alike. In later ones, only what is still wanted is looked for."""


@pytest.mark.timeout(300)
def test_the_invariants_of_an_account() -> None:
    """In further rounds, if need be: which customers come depends on what else the process has imported."""
    reached: Counter[str] = Counter()

    def hold(random: RandomCustomer) -> None:
        customer, book = random.live()
        every_month_is_closed_once(customer, book, random)
        invoices_and_what_is_on_none_are_the_ledger_14(customer)
        every_line_is_once_where_it_belongs(customer, late=random.late)
        totals_are_of_the_lines_and_never_a_pay_out(customer)
        credit_is_handed_on(customer)
        no_credit_stands_beside_something_due_15(customer)
        dunning_follows_what_is_owed_15(customer, random)
        payments_go_somewhere(customer)
        what_is_owed_is_what_is_not_paid(customer)
        events_and_invoices_are_numbered_8(customer)
        what_is_held_is_held_for_an_unpaid_invoice(customer, random)
        taxes_are_of_the_lines_13(customer, random)
        reached.update(counted(customer))

    for number in range(ROUNDS):
        seed(number)(settings(max_examples=IN_ONE)(given(customers)(hold)))()
        if number + 1 >= AT_LEAST and all(reached[name] for name in WANTED):
            return
    pytest.fail(f"no customer came to {sorted(name for name in WANTED if not reached[name])}")


def sums(lines: Iterable[InvoiceLine]) -> dict[str, Decimal]:
    """Charges less credits, for each currency."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        found[line.row.currency] += line.row.amount if line.row.kind is Kind.CHARGE else -line.row.amount
    return dict(found)


def in_the_ledger(customer: CustomerSimulator) -> list[InvoiceLine]:
    """Every row of every subscription."""
    return [
        InvoiceLine(subscription_id=subscription_id, row=row)
        for subscription_id, simulator in customer.subscriptions.items()
        for row in simulator.book.rows
    ]


def every_month_is_closed_once(customer: CustomerSimulator, book: CountingBook, random: RandomCustomer) -> None:
    """From the account's opening on, without a gap, on the invoice day and due by the terms of then (MON-11)."""
    periods = [close.period for close in book.closes]
    assert periods[0].start == START == customer.life.account.opened_at
    assert all(before.end == after.start for before, after in pairwise(periods))
    changes = [(event.at, event.terms) for event in customer.book.events if event.terms]
    for close in book.closes:
        at_start = [random.terms, *(terms for at, terms in changes if at < close.period.start)][-1]
        at_end = [random.terms, *(terms for at, terms in changes if at < close.period.end)][-1]
        assert close.period.end == the_next(at_start.invoice_day, close.period.start)
        assert close.due_at == close.period.end + at_end.due_after
    assert periods[-1].end == customer.life.account.month.start <= START + HORIZON < customer.life.account.month.end
    assert customer.life.account.closing is None
    assert 35 <= len(periods) <= 37 + len(changes)


def the_next(day_of_month: int, after: datetime) -> datetime:
    """Midnight of the next such day, found day by day."""
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    return next(midnight + number * DAY for number in range(1, 32) if (midnight + number * DAY).day == day_of_month)


def invoices_and_what_is_on_none_are_the_ledger_14(customer: CustomerSimulator) -> None:
    """For each currency."""
    invoiced: dict[str, Decimal] = defaultdict(Decimal)
    for invoice in customer.book.invoices:
        invoiced[invoice.head.currency] += invoice.head.totals.total
    for currency, amount in sums(customer.book.uninvoiced()).items():
        invoiced[currency] += amount
    assert dict(invoiced) == sums(in_the_ledger(customer))


def every_line_is_once_where_it_belongs(customer: CustomerSimulator, *, late: bool) -> None:
    """On one invoice, of its currency and its month; or on none yet. Each with the row's own content."""
    uninvoiced = customer.book.uninvoiced()
    lines = [line for invoice in customer.book.invoices for line in invoice.lines] + list(uninvoiced)
    assert len({(line.subscription_id, line.row.key) for line in lines}) == len(lines)
    by_key = {(line.subscription_id, line.row.key): line for line in lines}
    ledger = in_the_ledger(customer)
    assert len(ledger) == len(lines)
    assert all(by_key[line.subscription_id, line.row.key].row == line.row for line in ledger)
    for invoice in customer.book.invoices:
        period = invoice.head.month
        assert {line.row.currency for line in invoice.lines} == {invoice.head.currency}
        assert all(line.row.at < period.end for line in invoice.lines)
        assert late or all(period.start <= line.row.at for line in invoice.lines)
    assert late or all(line.row.at >= customer.life.account.month.start for line in uninvoiced)


def totals_are_of_the_lines_and_never_a_pay_out(customer: CustomerSimulator) -> None:
    """`due` and `carried_out` are never negative and never both there (CXL-5)."""
    for invoice in customer.book.invoices:
        found = invoice.head.totals
        assert sums(invoice.lines) == {invoice.head.currency: found.total}
        assert min(found.charges, found.credits, found.carried_in, found.due, found.settles, found.carried_out) >= 0
        assert min(found.tax_charged, found.tax_credited) >= 0
        assert found.tax == tax(list(invoice.lines), invoice.head.currency)
        assert not (found.due and found.settles + found.carried_out)
        assert found.total + found.tax - found.carried_in == found.due - found.settles - found.carried_out
        assert found.settles == sum(each.amount for each in invoice.head.settles)


def credit_is_handed_on(customer: CustomerSimulator) -> None:
    """`carried_in` is the last invoice's `carried_out` in that currency, and what was overpaid since."""
    heads = {invoice.head.invoice: invoice.head for invoice in customer.book.invoices}
    credit: dict[str, Decimal] = defaultdict(Decimal)
    for event in customer.book.events:
        if event.event in {AccountEventName.INVOICE_ISSUED, AccountEventName.INVOICE_CARRIED}:
            head = heads.pop(event.invoice or "")
            assert (event.currency, event.amount, event.at) == (head.currency, head.totals.due, head.issued_at)
            assert (event.event is AccountEventName.INVOICE_CARRIED) == (not head.totals.due)
            assert head.totals.carried_in == credit[head.currency]
            credit[head.currency] = head.totals.carried_out
        elif event.event in {AccountEventName.PAYMENT_RECEIVED, AccountEventName.CREDIT_NOTE_ISSUED}:
            assert event.currency is not None
            assert event.credited is not None
            credit[event.currency] += event.credited
        elif event.event is AccountEventName.PAYMENT_REVERSED:
            credit[event.currency or ""] -= event.credited or 0
        elif event.event is AccountEventName.REFUND_RESERVED or (
            event.event is AccountEventName.INVOICE_SETTLED and event.credit_of is None
        ):
            credit[event.currency or ""] -= event.amount or 0
        assert min(credit.values(), default=Decimal(0)) >= 0
    assert heads == {}
    account = customer.life.account
    assert {currency: amount for currency, amount in credit.items() if amount} == account.credit


def recorded_of(customer: CustomerSimulator) -> RecordedAccount:
    """What `check` would read of the account's journal and invoices."""
    return RecordedAccount(
        customer_id="fabrikam",
        rows=(),
        invoices=tuple(customer.book.invoices),
        standings={},
        events=tuple(customer.book.events),
        payments={},
        entries=(),
    )


def no_credit_stands_beside_something_due_15(customer: CustomerSimulator) -> None:
    """In any currency, after any event: as `check` sees it, and now."""
    recorded = recorded_of(customer)
    assert list(no_credit_beside_debt(recorded)) == list(settlements_match_the_journal(recorded)) == []
    account = customer.life.account
    assert not {r.currency for r in account.receivables} & {name for name, left in account.credit.items() if left}


def dunning_follows_what_is_owed_15(customer: CustomerSimulator, random: RandomCustomer) -> None:
    """Nobody is reminded or held for what credit covers or the terms tolerate; and what is held is chased, now too."""
    recorded = recorded_of(customer).model_copy(update={"terms": random.terms})
    assert list(dunning_follows_the_net(recorded)) == list(invoices_keep_their_terms(recorded)) == []
    assert list(corrections_keep_their_bounds(recorded)) == []
    account = customer.life.account
    until = START + HORIZON + TICK
    seen = customer.book.look(Look(at=account.last_at, until=until, seq=account.seq), customer.taxed(until))
    now = account.model_copy(update={"seen": seen})
    held = [receivable for receivable in account.receivables if receivable.suspended]
    assert random.late or all(chased(now, receivable) for receivable in held)


def taxes_are_of_the_lines_13(customer: CustomerSimulator, random: RandomCustomer) -> None:
    """Each line is taxed whole, a charge at the rate of its date, a credit as its charges; as `check` sees it too."""
    recorded = recorded_of(customer)
    assert list(taxes_match_the_lines(recorded)) == list(credits_are_taxed_as_charged(recorded)) == []
    for invoice in customer.book.invoices:
        assert (invoice.head.tax is None) == (random.taxes is None)
        for line in invoice.lines if random.taxes else ():
            assert sum(share.net for share in line.taxes) == line.row.amount
            if line.row.kind is Kind.CHARGE:
                rate = random.taxes[0].tax_rates[0].rate_on(line.row.at.date()) if random.taxes else None
                assert [share.treatment and share.treatment.rate for share in line.taxes] == [rate]


def payments_go_somewhere(customer: CustomerSimulator) -> None:
    """Each is what it pays and what becomes credit; each invoice that it pays is in its currency; each id once."""
    currencies = {invoice.head.invoice: invoice.head.currency for invoice in customer.book.invoices}
    payments = [event for event in customer.book.events if event.event is AccountEventName.PAYMENT_RECEIVED]
    assert len({event.payment_id for event in payments}) == len(payments)
    for event in payments:
        assert event.credited is not None
        assert event.amount == sum(each.amount for each in event.allocations) + event.credited
        assert all(each.amount > 0 for each in event.allocations)
        assert {currencies[each.invoice] for each in event.allocations} <= {event.currency}
        assert all(each.state is InvoiceState.PAID for each in event.allocations[:-1])


def what_is_owed_is_what_is_not_paid(customer: CustomerSimulator) -> None:
    """The account, its journal and its documents say the same of each invoice."""
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for event in customer.book.events:
        for allocation in event.allocations:
            again = event.event is AccountEventName.PAYMENT_REVERSED
            paid[allocation.invoice] += -allocation.amount if again else allocation.amount
        if event.event in {AccountEventName.INVOICE_SETTLED, AccountEventName.WRITTEN_OFF}:
            assert event.amount
            paid[event.invoice or ""] += event.amount
    account = customer.life.account
    for head in (invoice.head for invoice in customer.book.invoices):
        receivable, standing = account.receivable(head.invoice), standing_of(head, customer.book.events)
        taken_off = standing.paid + standing.settled + standing.credited + standing.written_off
        assert taken_off == paid[head.invoice] <= head.totals.due
        if receivable is None:
            assert head.totals.due == paid[head.invoice]
            assert standing.state is (InvoiceState.PAID if head.totals.due else InvoiceState.CARRIED)
        else:
            assert receivable.owed == head.totals.due - paid[head.invoice] > 0
            assert (receivable.due, receivable.due_at) == (head.totals.due, head.due_at)
            assert (receivable.currency, receivable.state) == (head.currency, standing.state)
            assert (receivable.reminders, receivable.suspended) == (standing.reminders, standing.held)
    assert {receivable.invoice for receivable in account.receivables} <= {
        i.head.invoice for i in customer.book.invoices
    }


def events_and_invoices_are_numbered_8(customer: CustomerSimulator) -> None:
    """Without a gap; events in the order of their instants, with actor and rule."""
    events, account = customer.book.events, customer.life.account
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert all(before.at <= after.at for before, after in pairwise(events))
    assert all(event.by and event.rule in set(Rule) for event in events)
    assert account.seq == customer.life.committed == len(events)
    numbers = [invoice.head.number for invoice in customer.book.invoices]
    assert numbers == list(range(1, len(numbers) + 1))


def what_is_held_is_held_for_an_unpaid_invoice(customer: CustomerSimulator, random: RandomCustomer) -> None:
    """Which charges it, unless the terms have ever held all; and a usage subscription is never held (MON-9)."""
    held = {subscription_id: invoices for subscription_id, invoices in customer.held.items() if invoices}
    account = customer.life.account
    assert not held or account.holds
    changed = (event.terms for event in customer.book.events if event.terms)
    if all(terms.holds is HoldScope.UNPAID for terms in (random.terms, *changed)):
        for subscription_id, invoices in held.items():
            assert invoices <= set(account.held_for)
            assert all(subscription_id in customer.book.charged_by(invoice) for invoice in invoices)
    for subscription_id, simulator in customer.subscriptions.items():
        subscription = simulator.life.subscription
        by_account = any(hold.by == "system" for hold in subscription.holds)
        assert not by_account or subscription_id in held
        assert not by_account or not subscription.offer.metered
