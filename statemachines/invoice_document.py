"""An invoice as it stands: the document, and what the account's journal says came of it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from domain.account_events import AccountEvent, AccountEventName
from domain.invoice import Invoice, InvoiceHead, InvoiceLine, InvoiceState
from domain.ledger import Kind
from domain.money import from_minor
from domain.values import ExactDecimal, Frozen, Instant, format_decimal, format_instant
from statemachines.document import ledger_document


class PaymentTaken(Frozen):
    """What of a payment went to the invoice, and when."""

    payment_id: str
    at: Instant
    amount: ExactDecimal


class Standing(Frozen):
    """Where an invoice stands, from the events that name it."""

    state: InvoiceState
    paid: ExactDecimal
    payments: tuple[PaymentTaken, ...] = ()
    reminders: int = 0
    failures: int = 0
    suspended_at: Instant | None = None


def standing_of(head: InvoiceHead, events: Iterable[AccountEvent]) -> Standing:
    """Where the invoice stands after these events of its customer's account."""
    state = InvoiceState.ISSUED if head.totals.due else InvoiceState.CARRIED
    payments: list[PaymentTaken] = []
    counted = {AccountEventName.REMINDED: 0, AccountEventName.PAYMENT_FAILED: 0}
    suspended_at = None
    for event in events:
        for allocation in event.allocations:
            if allocation.invoice == head.invoice:
                assert event.payment_id is not None
                payments.append(PaymentTaken(payment_id=event.payment_id, at=event.at, amount=allocation.amount))
                state = allocation.state
        if event.invoice != head.invoice or event.event is AccountEventName.PAYMENT_RECEIVED:
            continue
        state = event.state or state
        if event.event in counted:
            counted[event.event] += 1
        if event.event is AccountEventName.SUSPENDED:
            suspended_at = event.at
    return Standing(
        state=state,
        paid=sum((payment.amount for payment in payments), from_minor(0, head.currency)),
        payments=tuple(payments),
        reminders=counted[AccountEventName.REMINDED],
        failures=counted[AccountEventName.PAYMENT_FAILED],
        suspended_at=suspended_at,
    )


def head_document(head: InvoiceHead, standing: Standing) -> dict[str, Any]:
    """The invoice without its lines, ready for JSON."""
    totals = head.totals
    return {
        "invoice": head.invoice,
        "customer": head.customer_id,
        "state": standing.state.value,
        "currency": head.currency,
        "period": {"start": format_instant(head.period.start), "end": format_instant(head.period.end)},
        "issued_at": format_instant(head.issued_at),
        "due_at": format_instant(head.due_at),
        "charges": format_decimal(totals.charges),
        "credits": format_decimal(totals.credits),
        "total": format_decimal(totals.total),
        "carried_in": format_decimal(totals.carried_in),
        "due": format_decimal(totals.due),
        "carried_out": format_decimal(totals.carried_out),
        "paid": format_decimal(standing.paid),
        "owed": format_decimal(totals.due - standing.paid),
        "reminders": standing.reminders,
        "failed_payments": standing.failures,
        "suspended_at": format_instant(standing.suspended_at) if standing.suspended_at else None,
        "payments": [
            {"payment_id": p.payment_id, "at": format_instant(p.at), "amount": format_decimal(p.amount)}
            for p in standing.payments
        ],
    }


def invoice_document(invoice: Invoice, standing: Standing) -> dict[str, Any]:
    """The whole invoice, ready for JSON."""
    return {**head_document(invoice.head, standing), "lines": lines_document(invoice.lines)}


def lines_document(lines: Iterable[InvoiceLine]) -> list[dict[str, Any]]:
    """Its lines, each with the subscription that it is of."""
    return [{"subscription": line.subscription_id, **ledger_document([line.row])[0]} for line in lines]


def scenario_invoices(
    invoices: Iterable[Invoice], events: Iterable[AccountEvent], uninvoiced: Iterable[InvoiceLine]
) -> list[dict[str, Any]]:
    """The invoices of a life's account, in order; what no invoice has yet comes last, as the open one.

    A scenario has one customer with one subscription, whose names its file does not know: numbers count from 1.
    """
    events = tuple(events)
    found = []
    for number, invoice in enumerate(invoices, start=1):
        document = invoice_document(invoice, standing_of(invoice.head, events))
        del document["customer"]
        found.append({**document, "invoice": number, "lines": _without_ids(document["lines"])})
    waiting = tuple(uninvoiced)
    if waiting:
        found.append(_open(waiting))
    return found


def _open(lines: tuple[InvoiceLine, ...]) -> dict[str, Any]:
    currency = lines[0].row.currency
    sums = {kind: _sum(lines, kind, currency) for kind in Kind}
    return {
        "invoice": None,
        "state": InvoiceState.OPEN.value,
        "currency": currency,
        "charges": format_decimal(sums[Kind.CHARGE]),
        "credits": format_decimal(sums[Kind.CREDIT]),
        "total": format_decimal(sums[Kind.CHARGE] - sums[Kind.CREDIT]),
        "lines": _without_ids(lines_document(lines)),
    }


def _sum(lines: Iterable[InvoiceLine], kind: Kind, currency: str) -> Decimal:
    return sum((line.row.amount for line in lines if line.row.kind is kind), from_minor(0, currency))


def _without_ids(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "subscription"} for line in lines]
