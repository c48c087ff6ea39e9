"""An invoice as it stands: the document, and what the account's journal says came of it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from domain.account.events import AccountEvent
from domain.account.invoice import Invoice, InvoiceLine, InvoiceState
from domain.money import from_minor
from domain.subscription.ledger import Kind
from domain.values import format_decimal
from statemachines.account.documents import invoice_document, lines_document
from statemachines.account.standing import standing_of


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
