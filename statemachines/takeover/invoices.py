"""The open invoices that the rows of a file name: each is owed once, whichever rows name it (MOV-6)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from domain.account.openings import OpenInvoice, taken_over_id
from domain.account.requests import MovedInvoice
from domain.faults import Fault
from domain.roles import Party
from domain.subscription.holds import Reason
from domain.takeover.row import TakeoverRow
from domain.values import format_instant
from statemachines.account.openings import MOST_TAKEN_OVER
from statemachines.takeover.known import Standing


class OpenInvoices:
    """Takes the invoices of one row after another. `now` is the instant of the import."""

    def __init__(self, standing: Standing, now: datetime) -> None:
        self._standing, self._now = standing, now
        self._named: dict[str, dict[str, OpenInvoice]] = defaultdict(dict)
        self._held: set[tuple[str, str]] = set()

    def take(self, row: TakeoverRow) -> Iterator[Fault]:
        """Take those of the row, and yield what is wrong with them."""
        seen: set[str] = set()
        for index, invoice in enumerate(row.open_invoices):
            field = ("open_invoices", index)
            if invoice.number in seen:
                yield Fault((*field, "number"), invoice.number, "each invoice once")
            seen.add(invoice.number)
            yield from (fault.under(*field) for fault in self._date_faults(invoice))
            yield from (fault.under(*field) for fault in self._differences(row.customer, invoice))
        self._named[row.customer] |= {each.number: each for each in row.open_invoices}
        # The account lifts only its own holds (SUS-9).
        if any(hold.reason is Reason.NONPAYMENT and hold.by == Party.SYSTEM for hold in row.holds):
            self._held |= {(row.customer, number) for number in seen}
        there = self._standing.invoices.get(row.customer, {})
        number = len({taken_over_id(row.customer, each) for each in self._named[row.customer]} | set(there))
        if row.open_invoices and number > MOST_TAKEN_OVER:
            words = f"at most {MOST_TAKEN_OVER} open invoices per customer, with those of earlier rows and imports"
            yield Fault(("open_invoices",), f"invoice {number} of {row.customer}", words)

    def lacking(self) -> dict[str, tuple[MovedInvoice, ...]]:
        """By customer, those that the books do not have."""
        found = {
            customer: tuple(
                MovedInvoice(**dict(invoice), held=(customer, invoice.number) in self._held)
                for invoice in invoices.values()
                if taken_over_id(customer, invoice.number) not in self._standing.invoices.get(customer, {})
            )
            for customer, invoices in self._named.items()
        }
        return {customer: invoices for customer, invoices in found.items() if invoices}

    def _date_faults(self, invoice: OpenInvoice) -> Iterator[Fault]:
        if invoice.issued_at > self._now:
            takes = f"an instant that has come (it is {format_instant(self._now)})"
            yield Fault(("issued_at",), invoice.issued_at, takes)
        if invoice.due_at < invoice.issued_at:
            yield Fault(
                ("due_at",), invoice.due_at, f"an instant from issued_at ({format_instant(invoice.issued_at)}) on"
            )

    def _differences(self, customer: str, invoice: OpenInvoice) -> Iterator[Fault]:
        """An invoice has the same facts in every row that names it, and in the books."""
        before = self._standing.invoices.get(customer, {}).get(taken_over_id(customer, invoice.number))
        known = self._named[customer].get(invoice.number, before)
        if known is None or known.trace == invoice.trace:
            return
        where = "when it was taken over" if known is before else "in an earlier row"
        for name in ("currency", "amount", "issued_at", "due_at"):
            if (was := getattr(known, name)) != (got := getattr(invoice, name)):
                shown = format_instant(was) if isinstance(was, datetime) else f"{was}"
                yield Fault((name,), got, f"{shown}, as {where}: it is one invoice")
