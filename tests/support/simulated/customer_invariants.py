"""Invariants of a customer with several subscriptions, as checks that assert (DOMAIN 12)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from domain.account.events import AccountEventName
from domain.account.invoice import Invoice
from domain.account.lines import InvoiceLine
from domain.account.terms import BillingTerms, HoldScope
from domain.subscription.events import EventName
from domain.subscription.ledger import Kind
from statemachines.account.holds import ACTOR
from statemachines.simulation.customer import CustomerSimulator
from tests.support.simulated.owed import Owed, after_each_event, rounded
from tests.support.simulated.random_customers import CHANGING, RandomCustomer
from tests.support.simulated.told import Told

LIFTS = {EventName.REACTIVATED, EventName.HOLD_LIFTED}


def a_customer_keeps_the_invariants(random: RandomCustomer) -> Told:
    """Live the customer, whose dates are compared with those that were shown, and check what came of it."""
    customer, _ = random.live(Told)
    assert isinstance(customer, Told)
    invoices_and_what_is_on_none_are_the_ledger_14(customer)
    no_credit_stands_beside_a_debt_15(customer, random.terms)
    if random.taxes is not CHANGING:
        # What credits will take back of the tax is not known here, where rates change.
        rate = Decimal("0.19") if random.taxes else Decimal(0)
        what_is_held_is_unpaid_and_what_is_lifted_was_held_for_it(customer, random.terms, rate)
        nobody_within_the_tolerance_is_reminded_or_held(customer, random.terms, rate)
    return customer


def net(lines: Iterable[InvoiceLine]) -> dict[str, Decimal]:
    """Charges less credits in each currency."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        found[line.row.currency] += line.row.amount if line.row.kind is Kind.CHARGE else -line.row.amount
    return dict(found)


def invoices_and_what_is_on_none_are_the_ledger_14(customer: CustomerSimulator) -> None:
    """Each row of each subscription is once on an invoice, or on none yet; and so is its money."""
    ledger = [
        InvoiceLine(subscription_id=subscription_id, row=row)
        for subscription_id, simulator in customer.subscriptions.items()
        for row in simulator.book.rows
    ]
    lines = [line for invoice in customer.book.invoices for line in invoice.lines] + list(customer.book.uninvoiced())
    assert net(lines) == net(ledger)
    named = [(line.subscription_id, line.row.key) for line in lines]
    assert sorted(named) == sorted((line.subscription_id, line.row.key) for line in ledger)
    assert len(set(named)) == len(named)


def no_credit_stands_beside_a_debt_15(customer: CustomerSimulator, terms: BillingTerms) -> None:
    """At no instant, in no currency; and what is owed is what was invoiced less what was paid (MON-5)."""
    known = None
    for _, events in groupby(after_each_event(customer, terms), key=lambda pair: pair[0].at):
        *_, (event, known) = events
        for currency, left in known.net.items():
            owed, credit = known.owed_in(currency), known.credit[currency]
            assert min(owed, credit) == 0, f"{currency} {owed} is owed beside {credit} after {event}"
            assert owed - credit == left, f"{currency} {owed} is owed, {credit} is credit, {left} is not paid: {event}"
    if known is not None:
        account = customer.life.account
        assert {receivable.invoice: receivable.owed for receivable in account.receivables} == known.owed
        assert account.credit == {currency: amount for currency, amount in known.credit.items() if amount}


def what_is_held_is_unpaid_and_what_is_lifted_was_held_for_it(
    customer: CustomerSimulator, terms: BillingTerms, rate: Decimal
) -> None:
    """MON-9: licences that an unpaid invoice charges, or all by the terms; lifted once its invoices are covered."""
    charged = {invoice.head.invoice: _charged(invoice) for invoice in customer.book.invoices}
    causes: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    after: list[tuple[datetime, Owed]] = []
    for event, known in after_each_event(customer, terms):
        if event.event is AccountEventName.SUSPENDED:
            assert event.invoice in known.overdue
            everything = known.closed_by[event.invoice].holds is HoldScope.ALL
            for subscription_id in customer.subscriptions if everything else charged[event.invoice]:
                causes[subscription_id].append((event.at, event.invoice))
        after.append((event.at, known))
    for subscription_id, simulator in customer.subscriptions.items():
        held = False
        for change in (each for each in simulator.book.events if each.actor == ACTOR):
            *_, known = [each for at, each in after if at <= change.at]
            before = [(at, invoice) for at, invoice in causes[subscription_id] if at <= change.at]
            if change.event is EventName.SUSPENDED:
                assert not simulator.life.subscription.offer.metered
                assert any(at == change.at for at, _ in before), f"{subscription_id} is held for nothing: {change}"
                held = True
            elif change.event in LIFTS:
                assert held, f"{subscription_id} was not held: {change}"
                left = chased(known, waiting_at(customer, change.at), rate) & {invoice for _, invoice in before}
                assert not left, f"{subscription_id} is lifted, and {left} is not covered: {change}"
                held = False


def nobody_within_the_tolerance_is_reminded_or_held(
    customer: CustomerSimulator, terms: BillingTerms, rate: Decimal
) -> None:
    """MON-8: credit does not cover the invoice, and what is uncovered is more than is tolerated.

    At a date the rows before it count; what follows a row, a payment or new terms counts the rows up to that instant.
    """
    for event, known in after_each_event(customer, terms):
        if event.event in {AccountEventName.REMINDED, AccountEventName.SUSPENDED}:
            rows = waiting_at(customer, event.at)
            before = [line for line in rows if line.row.at < event.at]
            assert event.invoice in chased(known, before, rate) | chased(known, rows, rate), (
                f"chased for nothing: {event}"
            )


def _charged(invoice: Invoice) -> set[str]:
    return {line.subscription_id for line in invoice.lines if line.row.kind is Kind.CHARGE}


def waiting_at(customer: CustomerSimulator, at: datetime) -> list[InvoiceLine]:
    """The rows dated up to the instant that no invoice issued by then has."""
    invoiced = {
        (line.subscription_id, line.row.key)
        for invoice in customer.book.invoices
        if invoice.head.issued_at <= at
        for line in invoice.lines
    }
    return [
        InvoiceLine(subscription_id=subscription_id, row=row)
        for subscription_id, simulator in customer.subscriptions.items()
        for row in simulator.book.rows
        if row.at <= at and (subscription_id, row.key) not in invoiced
    ]


def chased(known: Owed, waiting: list[InvoiceLine], rate: Decimal) -> set[str]:
    """The overdue invoices that credit does not cover, first due first, where they come to the tolerance.

    What waits is taxed at that rate.
    """
    found: set[str] = set()
    for currency in known.credit:
        credited = -net(waiting).get(currency, Decimal(0))
        credit = known.credit[currency] + max(Decimal(0), credited + rounded(credited * rate, currency))
        overdue = [each for each in known.overdue if known.currency(each) == currency]
        uncovered = {}
        for invoice in sorted(overdue, key=lambda each: (known.invoices[each].head.due_at, each)):
            covered = min(credit, known.owed[invoice])
            credit -= covered
            uncovered[invoice] = known.owed[invoice] - covered
        if sum(uncovered.values()) >= known.terms.tolerance:
            found |= {invoice for invoice, amount in uncovered.items() if amount}
    return found
