"""Random customers: some subscriptions of any offer in two currencies, changed, ended and held; paid, or not."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import cycle

from hypothesis import strategies as st

from domain.account.events import AccountEventName, Close, CloseReceipt
from domain.account.own_terms import OwnTerms
from domain.account.requests import AnyAccountRequest
from domain.account.taxing import Taxed
from domain.account.terms import BillingTerms, HoldScope, month_end, terms_of
from domain.money import EXPONENTS, from_minor
from domain.ordering.terms import Order
from domain.policy import PACKS
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer, Outcome
from domain.taxes.sale import Buyer, Sale
from domain.taxes.table import TaxTable
from statemachines.preview.book import Book
from statemachines.simulation.account_book import AccountBook
from statemachines.simulation.customer import CustomerSimulator, KnownTaxes
from tests.support.instants import DAY, TICK
from tests.support.simulated.customer import a_request
from tests.support.simulated.life import LIVING, a_command
from tests.support.simulated.random_lives import START, Wish, orders, wishes

Doing = Callable[[CustomerSimulator, datetime], None]
HORIZON = timedelta(days=3 * 365 + 1)
CURRENCIES = ["JPY", "USD"]
CORRECTIONS = ["credit_note", "write_off", "refund", "refund_paid", "reverse_payment"]


@dataclass(frozen=True)
class Purchase:
    """An order, how long after its date it reaches the customer's books, and how long after that it is regretted."""

    order: Order
    late: timedelta
    regret: timedelta | None = None

    def regretted(self, customer: CustomerSimulator, at: datetime) -> None:
        """Cancel it, which in its window credits all of it."""
        customer.ask(self.order.subscription_id, a_command("cancel"), at)


@dataclass(frozen=True)
class Asking:
    """A command to one of the subscriptions there are; usage may be told so long after it was used."""

    since: timedelta
    subscription: int
    wish: Wish
    late: timedelta = timedelta(0)

    def act(self, customer: CustomerSimulator, at: datetime) -> None:
        """Ask for it."""
        customer.advance(at)
        known = sorted(customer.subscriptions)
        if known:
            subscription_id = known[self.subscription % len(known)]
            command = self.wish.command(customer.subscriptions[subscription_id], at)
            if isinstance(command, ReportUsage) and self.late:
                command = command.model_copy(update={"used_at": at - self.late})
            customer.ask(subscription_id, command, at)


@dataclass(frozen=True)
class Settling:
    """A request to the account, with its amount found when it comes to it."""

    since: timedelta
    do: str
    amount: str
    minor: int
    currency: str
    named: int | None
    payment: int
    pack: str | None
    suspends: bool | None
    holds: HoldScope | None
    tolerance: int | None
    days: dict[str, object]

    def request(self, customer: CustomerSimulator) -> AnyAccountRequest:
        """As plain data."""
        account = customer.life.account
        if self.do in CORRECTIONS:
            return self._correction(customer)
        if self.do == "change_terms":
            said = {"policy": self.pack, "suspends": self.suspends, "holds": self.holds, "tolerance": self.tolerance}
            wanted = {name: value for name, value in said.items() if value is not None}
            return a_request(self.do, **wanted, **(self.days if self.suspends is None else {}))
        unpaid = account.unpaid_in(self.currency)
        named = unpaid[self.named % len(unpaid)] if unpaid and self.named is not None else None
        fields: dict[str, object] = {"invoice": named.invoice} if named else {}
        if self.do == "fail_payment":
            return a_request(self.do, payment_id=f"p-{self.payment}", **fields)
        amounts = {
            "one": (named or unpaid[0]).owed if unpaid else Decimal(0),
            "all": sum((receivable.owed for receivable in unpaid), Decimal(0)),
            # All but a little: what is tolerated stays owed (MON-8).
            "most": max(sum((r.owed for r in unpaid), Decimal(0)) - from_minor(1, self.currency), Decimal(0)),
            "some": Decimal(0),
        }
        amount = amounts[self.amount] or from_minor(self.minor, self.currency)
        return a_request(
            self.do, payment_id=f"p-{self.payment}", currency=self.currency, amount=f"{amount:f}", **fields
        )

    def _correction(self, customer: CustomerSimulator) -> AnyAccountRequest:
        """Of an invoice, of the credit there is, or of a payment (MON-10)."""
        account, numbers = customer.life.account, [each.head for each in customer.book.invoices]
        named = numbers[self.named % len(numbers)] if numbers and self.named is not None else None
        reserved = [
            event.correction for event in customer.book.events if event.event is AccountEventName.REFUND_RESERVED
        ]
        received = [
            event.payment_id for event in customer.book.events if event.event is AccountEventName.PAYMENT_RECEIVED
        ]
        unpaid = [each.invoice for each in account.unpaid_in(self.currency)] or [each.invoice for each in numbers]
        given_up = unpaid[self.named % len(unpaid)] if unpaid and self.named is not None else None
        credit = account.credit_in(self.currency)
        due = named.totals.due if named and named.currency == self.currency else Decimal(0)
        most = credit if self.do == "refund" else max(credit, due)
        some = {"all": most, "most": most / 2, "one": credit}.get(self.amount, Decimal(0))
        amount = round(some, EXPONENTS[self.currency]) or from_minor(self.minor, self.currency)
        money = {"currency": self.currency, "amount": f"{amount:f}", "reason": "a reason"}
        fields: dict[str, dict[str, object]] = {
            "credit_note": {"credit_id": f"c-{self.payment}", **money, **({"invoice": named.invoice} if named else {})},
            "write_off": {"invoice": given_up or f"{account.customer_id}-000999", "reason": "a reason"},
            "refund": {"refund_id": f"r-{self.payment}", **money},
            "refund_paid": {"refund_id": reserved[self.payment % len(reserved)] if reserved else "r-0"},
            "reverse_payment": {
                "payment_id": received[self.payment % len(received)] if received else "p-0",
                "reason": "a reason",
            },
        }
        return a_request(self.do, **fields[self.do])

    def act(self, customer: CustomerSimulator, at: datetime) -> None:
        """Ask for it; what is refused or known changes nothing (MON-7)."""
        customer.advance(at)
        request, before, events = self.request(customer), customer.life.account, len(customer.book.events)
        answer = customer.request(request, at)
        if answer.outcome is not Outcome.DONE:
            assert answer.outcome in {Outcome.REFUSED, Outcome.UNCHANGED}
            assert customer.life.account == before
            assert len(customer.book.events) == events
        else:
            _the_answer_is_the_event(customer, answer, events)


def _the_answer_is_the_event(customer: CustomerSimulator, answer: Answer, events: int) -> None:
    # What it covers is no longer chased: such holds are lifted after it (MON-8). What a reversal makes owed again may
    # be settled by other credit: then the answer counts to that event.
    event, *settling = (each for each in customer.book.events[events:] if each.seq <= answer.seq)
    assert {each.event for each in settling} <= {AccountEventName.INVOICE_SETTLED}
    assert (answer.seq, answer.at, answer.rule) == ([event, *settling][-1].seq, event.at, event.rule)
    became = event.credited if event.event is not AccountEventName.PAYMENT_REVERSED else None
    assert (answer.credit.amount if answer.credit else 0) == (became or 0)


class CountingBook(AccountBook):
    """The books, with how often each month was closed."""

    def __init__(self, customer_id: str, books: dict[str, Book]) -> None:
        super().__init__(customer_id, books)
        self.closes: list[Close] = []

    def close(self, close: Close, taxed: Taxed | None = None) -> CloseReceipt:
        """The month's invoices."""
        self.closes.append(close)
        return super().close(close, taxed)


@dataclass(frozen=True)
class RandomCustomer:
    """What is bought, and what is asked when; the account is opened at `opened`."""

    terms: BillingTerms
    purchases: list[Purchase]
    steps: list[Asking | Settling]
    opened: datetime = START
    taxes: KnownTaxes | None = None

    def live(
        self, kind: type[CustomerSimulator] = CustomerSimulator, until: datetime = START + HORIZON
    ) -> tuple[CustomerSimulator, CountingBook]:
        """Three years of it, or until then."""
        customer = kind("fabrikam", self.terms, self.opened, LIVING, self.taxes)
        book = customer.book = CountingBook("fabrikam", customer._books)
        doings: list[tuple[datetime, Purchase | Asking | Settling | Doing]] = [
            *((purchase.order.at + purchase.late, purchase) for purchase in self.purchases),
            *((START + step.since, step) for step in self.steps),
        ]
        doings += [
            (purchase.order.at + purchase.late + purchase.regret, purchase.regretted)
            for purchase in self.purchases
            if purchase.regret is not None
        ]
        for at, doing in sorted(doings, key=lambda each: each[0]):
            if at > until:
                break
            if callable(doing):
                doing(customer, at)
            elif isinstance(doing, Purchase):
                customer.advance(at)
                customer.buy(doing.order)
            else:
                doing.act(customer, at)
        customer.advance(until)
        return customer, book

    @property
    def late(self) -> bool:
        """Whether the books hear of something after its month was closed."""
        return any(purchase.late for purchase in self.purchases)


def _taxed(*rates: tuple[str, str | None, str]) -> KnownTaxes:
    dated = [{"from": since, "until": until, "rate": rate} for since, until, rate in rates]
    table = {"tax_rates": [{"country": "DE", "rates": dated}]}
    return TaxTable.model_validate_json(json.dumps(table)), Sale(buyer=Buyer(country="DE"))


def _changing() -> Iterator[tuple[str, str, str]]:
    days = [date(2023, 12, 15)]
    days += [date(year, month, day) for year in (2024, 2025, 2026) for month in range(1, 13) for day in (1, 11, 12, 22)]
    rates = cycle(["0.19", "0.16", "0.07", "0", "0.25"])
    since = date(2000, 1, 1)
    for until in [*days, date(2100, 1, 1)]:
        yield since.isoformat(), until.isoformat(), next(rates)
        since = until


STEADY = _taxed(("2000-01-01", None, "0.19"))
"""Taxed at one rate for ever (MON-13)."""
CHANGING = _taxed(*_changing())
"""Taxed at rates that change as months end, within months, and for some days."""


def _beside_a_month_end(months: int, jitter: timedelta) -> timedelta:
    at = START
    for _ in range(months):
        at = month_end(at)
    return min(max(at + jitter - START, timedelta(0)), HORIZON)


sinces = st.timedeltas(timedelta(0), HORIZON) | st.builds(
    _beside_a_month_end, st.integers(1, 36), st.sampled_from([-TICK, timedelta(0), TICK, 60 * DAY, 90 * DAY])
)
told_late = st.sampled_from([timedelta(0), timedelta(0), timedelta(hours=1), timedelta(hours=20), 40 * DAY])
askings = st.builds(Asking, since=sinces, subscription=st.integers(0, 3), wish=wishes, late=told_late)
ending = st.builds(
    Asking, since=sinces, subscription=st.integers(0, 3), wish=wishes.map(lambda w: replace(w, do="cancel"))
)
own_days = st.sampled_from(
    [
        *({} for _ in range(4)),
        *({"invoice_day": day} for day in (1, 2, 15, 28)),
        *({"due_days": days} for days in (0, 14, 45)),
        *({"reminder_days": days} for days in ([], [0], [3, 20], [40])),
        *({"suspend_days": days} for days in (None, 0, 10, 45)),
        {"invoice_day": 20, "due_days": 10, "reminder_days": [1, 2], "suspend_days": 5},
    ]
)
"""A customer's own days, as requests have them (MON-11)."""
settlings = st.builds(
    Settling,
    since=sinces,
    do=st.sampled_from(
        ["pay"] * 12
        + ["fail_payment"] * 3
        + ["change_terms"] * 6
        + [*CORRECTIONS, *CORRECTIONS, "refund", "refund_paid", "refund_paid"]
    ),
    amount=st.sampled_from(["all", "some", "most", "all", "one"]),
    minor=st.integers(1, 5_000),
    currency=st.sampled_from(CURRENCIES),
    named=st.none() | st.integers(0, 3),
    payment=st.integers(0, 12),
    pack=st.none() | st.sampled_from(sorted(PACKS)),
    suspends=st.sampled_from([None, True, False]),
    holds=st.sampled_from([None, *HoldScope]),
    tolerance=st.sampled_from([None, 0, 50, 2_000]),
    days=own_days,
)
lateness = st.sampled_from([timedelta(0)] * 5 + [20 * DAY])
regrets = st.sampled_from([None, None, timedelta(hours=20), 3 * DAY, 13 * DAY, 13 * DAY])
"""In the window of a plan: a credit may come in the month after the one whose invoice has the charge."""
two_currencies = orders().filter(lambda order: order.offer.currency in CURRENCIES and bool(order.offer.unit_price))
bought = st.tuples(two_currencies, lateness, regrets)
tolerances = st.sampled_from([None, None, Decimal(0), Decimal(50), Decimal(2_000)])
own_terms = st.builds(
    lambda days, **more: OwnTerms.model_validate({**days, **more}),
    own_days,
    holds=st.none() | st.sampled_from(HoldScope),
    tolerance=tolerances,
)
all_terms = st.builds(OwnTerms.instead_in, own_terms, st.sampled_from(sorted(PACKS)).map(terms_of))
"""Terms with and without suspension, of all or of what is unpaid: without it, a life goes on unpaid."""


def _purchases(found: list[tuple[Order, timedelta, timedelta | None]]) -> list[Purchase]:
    return [
        Purchase(order.model_copy(update={"subscription_id": f"s-{number}"}), late, regret)
        for number, (order, late, regret) in enumerate(found, start=1)
    ]


customers = st.builds(
    RandomCustomer,
    terms=all_terms | all_terms.map(BillingTerms.without_suspension),
    purchases=st.sampled_from([3, 2, 4, 1])
    .flatmap(lambda size: st.lists(bought, min_size=size, max_size=size))
    .map(_purchases),
    steps=st.sampled_from([12, 20, 30, 6]).flatmap(
        lambda size: st.lists(settlings | settlings | settlings | askings | ending, min_size=size, max_size=size)
    ),
    taxes=st.sampled_from([None, STEADY, CHANGING, CHANGING]),
)


def counted(customer: CustomerSimulator) -> Counter[str]:
    """How often each kind of account event happened, and what else is worth to have been seen."""
    found: Counter[str] = Counter(event.event.value for event in customer.book.events)
    found["lifts"] = sum(event.lifts for event in customer.book.events)
    found["overpaid"] = sum(bool(event.credited) for event in customer.book.events)
    found["spread"] = sum(len(event.allocations) > 1 for event in customer.book.events)
    found["carried_in"] = sum(bool(invoice.head.totals.carried_in) for invoice in customer.book.invoices)
    taxed = [invoice for invoice in customer.book.invoices if invoice.head.tax]
    found["taxed"] = sum(bool(invoice.head.totals.tax) for invoice in taxed)
    found["at several rates"] = sum(len(invoice.head.tax.parts) > 1 for invoice in taxed if invoice.head.tax)
    found["credited at two rates"] = sum(len(line.taxes) > 1 for invoice in taxed for line in invoice.lines)
    found["note with tax"] = sum(bool(event.taxes) for event in customer.book.events)
    found["two currencies"] = len({invoice.head.currency for invoice in customer.book.invoices}) > 1
    return found
