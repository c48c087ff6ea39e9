"""The result of a scenario as one document: the simulator and the run on a server print the same."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.account.events import AccountEvent
from domain.account.invoice import Invoice, InvoiceState, totals
from domain.account.lines import InvoiceLine
from domain.money import from_minor
from domain.subscription.decision import Answer
from domain.subscription.effects import AccessInterval
from domain.subscription.ends import deleted_at
from domain.subscription.events import Event, Notification
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
        return {
            "name": self.name,
            "state": subscription.state.value,
            "auto_renew": subscription.auto_renew,
            "quantity": subscription.quantity,
            "add_ons": dict(subscription.add_ons),
            "deletes_at": documents.instant_document(deleted_at(subscription)),
            "term": term.model_dump(mode="json", exclude={"months_in"}) if term else None,
            "answers": [documents.answer_document(answer) for answer in self.answers],
            "events": [documents.event_document(event) for event in self.events],
            "ledger": documents.ledger_document(self.rows),
            "access": documents.access_document(self.access),
            "notifications": [notification.model_dump(mode="json") for notification in self.notifications],
            "timeline": documents.timeline_document(self.timeline),
            **({"invoices": list(self.invoices)} if self.invoices is not None else {}),
        }


class ScenarioReport(Frozen):
    """Everything that happened in a scenario: to each subscription by name, the answers in order, and the invoices.

    `of` has the name of the subscription that gave each answer, None for the account.
    """

    name: str
    several: bool
    lives: dict[str, LifeReport]
    of: tuple[str | None, ...]
    answers: tuple[Answer, ...]
    invoices: tuple[dict[str, Any], ...] | None = None
    """The documents of the invoices, if the scenario includes the customer's account."""

    @property
    def only(self) -> LifeReport:
        """The whole report of a scenario with one subscription."""
        (life,) = self.lives.values()
        return life.model_copy(update={"name": self.name, "answers": self.answers, "invoices": self.invoices})

    def document(self) -> dict[str, Any]:
        if not self.several:
            return self.only.document()
        answers = zip(self.of, map(documents.answer_document, self.answers), strict=True)
        return {
            "name": self.name,
            "subscriptions": {
                name: {field: value for field, value in life.document().items() if field not in {"name", "answers"}}
                for name, life in self.lives.items()
            },
            "answers": [{**({"of": of} if of else {}), **answer} for of, answer in answers],
            "invoices": list(self.invoices or ()),
        }


def scenario_invoices(
    invoices: Iterable[Invoice],
    events: Iterable[AccountEvent],
    uninvoiced: Iterable[InvoiceLine],
    names: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """The JSON documents of the invoices, in order; rows that are not invoiced yet come last, as an open invoice.

    Invoice numbers count from 1, and ids are left out: `names` has the names of the subscriptions by id, if they have
    some.
    """
    events = tuple(events)
    found: list[dict[str, Any]] = []
    numbers: dict[str, int] = {}
    for number, invoice in enumerate(invoices, start=1):
        document = invoice_document(invoice, standing_of(invoice.head, events))
        numbers[document["invoice"]] = number
        del document["customer"]
        settles = [{**each, "invoice": numbers[each["invoice"]]} for each in document["settles"]]
        lines = _named(document["lines"], names)
        found.append({**document, "invoice": number, "settles": settles, "lines": lines})
    waiting: dict[str, list[InvoiceLine]] = defaultdict(list)
    for line in uninvoiced:
        waiting[line.row.currency].append(line)
    return [*found, *(_open(currency, its, names) for currency, its in sorted(waiting.items()))]


def _open(currency: str, lines: list[InvoiceLine], names: Mapping[str, str] | None) -> dict[str, Any]:
    sums = totals((line.row for line in lines), Decimal(0), currency)
    return {
        "invoice": None,
        "state": InvoiceState.OPEN.value,
        "currency": currency,
        "charges": format_decimal(sums.charges),
        "credits": format_decimal(sums.credits),
        "total": format_decimal(sums.total),
        "settles": [],
        "settled": format_decimal(sums.settles),
        "credit_notes": [],
        "written_off": format_decimal(from_minor(0, currency)),
        "tax": None,
        "lines": _named(lines_document(lines), names),
    }


def _named(lines: list[dict[str, Any]], names: Mapping[str, str] | None) -> list[dict[str, Any]]:
    """The lines, each with the name of its subscription as `of` instead of its id."""
    ids = [line.pop("subscription") for line in lines]
    return [{"of": names[each], **line} for each, line in zip(ids, lines, strict=True)] if names else lines
