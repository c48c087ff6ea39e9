"""The result of a scenario as one document: the simulator and the run on a server print the same."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.account.events import AccountEvent
from domain.account.invoice import Invoice, InvoiceLine, InvoiceState, totals
from domain.subscription.decision import Answer
from domain.subscription.effects import AccessInterval
from domain.subscription.events import Event, Notification, State
from domain.subscription.ledger import LedgerRow
from domain.subscription.subscription import Subscription
from domain.values import Frozen, format_decimal
from statemachines.account.documents import invoice_document, lines_document
from statemachines.account.standing import standing_of
from statemachines.preview.simulator import Simulator
from statemachines.subscription import documents
from statemachines.subscription.timeline import Milestone, timeline


class LifeReport(Frozen):
    """Everything that happened in a life, from which its document is made."""

    name: str
    subscription: Subscription
    answers: tuple[Answer, ...]
    events: tuple[Event, ...]
    rows: tuple[LedgerRow, ...]
    access: tuple[AccessInterval, ...]
    notifications: tuple[Notification, ...]
    timeline: tuple[Milestone, ...]
    invoices: tuple[dict[str, Any], ...] | None = None
    """The documents of the invoices, if the scenario includes the customer's account."""

    @classmethod
    def of(cls, simulator: Simulator, name: str, now: datetime) -> "LifeReport":
        """The report of a simulated life, with the milestones to come after `now`."""
        book = simulator.book
        return cls(
            name=name,
            subscription=simulator.life.subscription,
            answers=tuple(simulator.answers),
            events=tuple(book.events),
            rows=tuple(book.rows),
            access=tuple(book.access),
            notifications=tuple(Notification(seq=e.seq, at=e.at, event=e.event) for e in book.events),
            timeline=tuple(timeline(simulator.life.subscription, now)),
        )

    def document(self) -> dict[str, Any]:
        subscription = self.subscription
        term = subscription.term
        deletes_at = subscription.deletes_at if subscription.state is State.SUSPENDED else None
        return {
            "name": self.name,
            "state": subscription.state.value,
            "auto_renew": subscription.auto_renew,
            "quantity": subscription.quantity,
            "add_ons": dict(subscription.add_ons),
            "deletes_at": documents.instant_document(deletes_at),
            "term": term.model_dump(mode="json", exclude={"months_in"}) if term else None,
            "answers": [documents.answer_document(answer) for answer in self.answers],
            "events": [documents.event_document(event) for event in self.events],
            "ledger": documents.ledger_document(self.rows),
            "access": documents.access_document(self.access),
            "notifications": [notification.model_dump(mode="json") for notification in self.notifications],
            "timeline": documents.timeline_document(self.timeline),
            **({"invoices": list(self.invoices)} if self.invoices is not None else {}),
        }


def scenario_invoices(
    invoices: Iterable[Invoice], events: Iterable[AccountEvent], uninvoiced: Iterable[InvoiceLine]
) -> list[dict[str, Any]]:
    """The JSON documents of the invoices, in order; rows that are not invoiced yet come last, as the open invoice.

    A scenario has one customer with one subscription, so ids are left out and invoice numbers count from 1.
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
    sums = totals((line.row for line in lines), Decimal(0), currency)
    return {
        "invoice": None,
        "state": InvoiceState.OPEN.value,
        "currency": currency,
        "charges": format_decimal(sums.charges),
        "credits": format_decimal(sums.credits),
        "total": format_decimal(sums.total),
        "lines": _without_ids(lines_document(lines)),
    }


def _without_ids(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "subscription"} for line in lines]
