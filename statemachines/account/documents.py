"""Invoices and credit notes as JSON documents: the same in every command and scenario."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from domain.account.events import AccountEvent
from domain.account.invoice import Invoice, InvoiceHead
from domain.account.lines import InvoiceLine
from domain.account.taxing import TaxShare
from domain.money import from_minor
from domain.taxes.treatment import Treatment
from domain.values import format_decimal, format_instant
from statemachines.account.standing import Standing
from statemachines.subscription.documents import instant_document, ledger_document, period_document

SUMS = ("charges", "credits", "total", "carried_in", "due", "carried_out")


def head_document(head: InvoiceHead, standing: Standing) -> dict[str, Any]:
    totals = head.totals
    return {
        "invoice": head.invoice,
        "customer": head.customer_id,
        "state": standing.state.value,
        "currency": head.currency,
        **({"taken_over": head.taken_over} if head.taken_over else {}),
        "period": period_document(head.period) if head.period else None,
        "issued_at": format_instant(head.issued_at),
        "due_at": format_instant(head.due_at),
        **{name: format_decimal(getattr(totals, name)) for name in SUMS},
        "settles": [{"invoice": s.invoice, "amount": format_decimal(s.amount)} for s in head.settles],
        "paid": format_decimal(standing.paid),
        "settled": format_decimal(standing.settled),
        "credit_notes": [each.model_dump(mode="json") for each in standing.credit_notes],
        "written_off": format_decimal(standing.written_off),
        "tax": tax_document(head),
        "owed": format_decimal(standing.owed(totals.due)),
        "reminders": standing.reminders,
        "failed_payments": standing.failures,
        "suspended_at": instant_document(standing.suspended_at),
        "payments": [payment.model_dump(mode="json") for payment in standing.payments],
    }


def invoice_document(invoice: Invoice, standing: Standing) -> dict[str, Any]:
    return {**head_document(invoice.head, standing), "lines": lines_document(invoice.lines)}


def lines_document(lines: Iterable[InvoiceLine]) -> list[dict[str, Any]]:
    """The lines, each with its subscription id, and how its parts are taxed where tax was calculated (MON-13)."""
    return [
        {
            "subscription": line.subscription_id,
            **ledger_document([line.row])[0],
            **({"taxes": [_share(share) for share in line.taxes]} if line.taxes else {}),
        }
        for line in lines
    ]


def _share(share: TaxShare) -> dict[str, Any]:
    return {**_treatment(share.treatment), "net": format_decimal(share.net)}


def _treatment(treatment: Treatment | None) -> dict[str, Any]:
    if treatment is None:
        return {"category": None, "rate": None}
    return {"category": treatment.category.value, "rate": format_decimal(treatment.rate)}


def tax_document(head: InvoiceHead) -> dict[str, Any] | None:
    """The tax of the invoice by category and rate; null where none was calculated (MON-13)."""
    if head.tax is None:
        return None
    totals = head.totals
    return {
        "country": head.tax.buyer.country,
        "tax_id": head.tax.buyer.tax_id,
        "rounding": head.tax.rounding.value,
        "net": format_decimal(totals.total),
        "tax": format_decimal(from_minor(0, head.currency) + totals.tax),
        "gross": format_decimal(totals.gross),
        "rates": [
            {**_treatment(part.treatment), "net": format_decimal(part.net), "tax": format_decimal(part.tax)}
            for part in head.tax.parts
        ],
    }


def note_document(number: str, customer_id: str, event: AccountEvent) -> dict[str, Any]:
    """The credit note that the event issued, under its number (MON-10)."""
    return {
        "credit_note": number,
        "customer": customer_id,
        "credit_id": event.correction,
        "issued_at": format_instant(event.at),
        "currency": event.currency,
        "amount": format_decimal(event.amount or Decimal(0)),
        "tax": format_decimal(event.tax),
        "invoice": event.invoice,
        "reason": event.details,
        "taxes": [
            {**_treatment(each.treatment), "net": format_decimal(each.net), "tax": format_decimal(each.tax)}
            for each in event.taxes
        ],
        "settles": [{"invoice": part.invoice, "amount": format_decimal(part.amount)} for part in event.allocations],
        "credited": format_decimal(event.credited or Decimal(0)),
    }
