"""A simulated customer for tests: an account and its subscriptions, asked by name, read back as short text."""

from datetime import datetime

from pydantic import TypeAdapter

from domain.account.account import Account
from domain.account.events import AccountEvent
from domain.account.invoice import Invoice
from domain.account.requests import AnyAccountRequest
from domain.account.terms import BillingTerms, terms_of
from domain.policy import DEFAULT_PACK
from domain.subscription.decision import Answer
from domain.subscription.subscription import Subscription
from domain.values import format_instant
from statemachines.account.timeline import account_timeline
from statemachines.simulation.customer import CustomerSimulator, KnownTaxes
from statemachines.simulation.file_commands import DEFAULT_BY
from tests.support.instants import instant
from tests.support.simulated.life import LIVING, ORDERED, Facts, a_command, an_order

REQUESTS: TypeAdapter[AnyAccountRequest] = TypeAdapter(AnyAccountRequest)
CUSTOMER = "fabrikam"


def a_request(do: str, **fields: object) -> AnyAccountRequest:
    """A request as plain data, by the actor that a scenario would take; a payment is in US dollars by default."""
    plain = {"payment_id": "p-1", "currency": "USD"} if do == "pay" else {}
    by = DEFAULT_BY.get(do, "admin_agent")
    return REQUESTS.validate_python({"do": do, "by": by, **plain, **fields})


def numbered(number: int) -> str:
    """The number of the customer's invoice, as people see it."""
    return f"{CUSTOMER}-{number:06d}"


class ACustomer:
    """A simulated customer with its story in short text. It buys a licensed monthly subscription first."""

    def __init__(
        self,
        terms: str | BillingTerms = DEFAULT_PACK,
        *,
        opened: str = ORDERED,
        offer: Facts | None = None,
        buys: bool = True,
        taxes: KnownTaxes | None = None,
    ) -> None:
        pinned = terms if isinstance(terms, BillingTerms) else terms_of(terms)
        self.simulator = CustomerSimulator(CUSTOMER, pinned, instant(opened), LIVING, taxes)
        self.now = instant(opened)
        if buys:
            self.buy("s-1", offer, opened)

    def buy(
        self, subscription_id: str, offer: Facts | None = None, at: str | datetime = ORDERED, **order: object
    ) -> None:
        """A subscription."""
        self.now = instant(at)
        line = {"subscription_id": subscription_id, "at": format_instant(self.now)}
        self.simulator.buy(an_order(offer, **{**line, **order}))

    def ask(self, at: str | datetime, do: str, subscription_id: str = "s-1", **fields: object) -> Answer:
        """A command to a subscription at that instant."""
        self.now = instant(at)
        return self.simulator.ask(subscription_id, a_command(do, **fields), self.now)

    def request(self, at: str | datetime, do: str, **fields: object) -> Answer:
        """A request to the account at that instant."""
        self.now = instant(at)
        return self.simulator.request(a_request(do, **fields), self.now)

    def pay(self, at: str | datetime, amount: object, payment_id: str = "p-1", **fields: object) -> Answer:
        """A payment at that instant."""
        return self.request(at, "pay", amount=amount, payment_id=payment_id, **fields)

    def until(self, at: str | datetime) -> "ACustomer":
        """Lived to that instant, with no further request."""
        self.now = instant(at)
        self.simulator.advance(self.now)
        return self

    @property
    def account(self) -> Account:
        """Where the account stands."""
        return self.simulator.life.account

    @property
    def journal(self) -> list[AccountEvent]:
        """The account's events."""
        return self.simulator.book.events

    @property
    def documents(self) -> list[Invoice]:
        """The account's invoices."""
        return self.simulator.book.invoices

    def subscription(self, subscription_id: str = "s-1") -> Subscription:
        """Where a subscription stands."""
        return self.simulator.subscriptions[subscription_id].life.subscription

    def state(self, subscription_id: str = "s-1") -> str:
        """The subscription's state."""
        return self.subscription(subscription_id).state.value

    def holds(self, subscription_id: str = "s-1") -> list[str]:
        """`reason by` of each of the subscription's holds."""
        return [f"{hold.reason} {hold.by}" for hold in self.subscription(subscription_id).holds]

    @property
    def names(self) -> list[str]:
        """The account events' names."""
        return [event.event.value for event in self.journal]

    @property
    def events(self) -> list[str]:
        """`name number@instant` of each account event; its invoice as a plain number."""
        return [
            f"{e.event} {int(e.invoice.rpartition('-')[2]) if e.invoice else '-'}@{format_instant(e.at)}"
            for e in self.journal
        ]

    @property
    def invoices(self) -> list[str]:
        """`number month charges-credits in due out` of each invoice, such as `1 01 30.00-0.00 +0.00 30.00 >0.00`."""
        found = []
        for head in (invoice.head for invoice in self.documents):
            t = head.totals
            month = f"{head.month.start:%y-%m}"
            found.append(f"{head.number} {month} {t.charges}-{t.credits} +{t.carried_in} {t.due} >{t.carried_out}")
        return found

    @property
    def unpaid(self) -> list[str]:
        """`number state owed` of each unpaid invoice."""
        return [f"{int(r.invoice.rpartition('-')[2])} {r.state} {r.owed}" for r in self.account.receivables]

    @property
    def credit(self) -> dict[str, str]:
        """What the next invoices will take off."""
        return {currency: f"{amount:f}" for currency, amount in self.account.credit.items()}

    @property
    def timeline(self) -> list[str]:
        """`what@instant rule` of each milestone to come."""
        return [f"{m.what}@{format_instant(m.at)} {m.rule}" for m in account_timeline(self.account)]


def paid(answer: Answer) -> str:
    """`outcome rule` of an answer, with what became credit: `done MON-6 credit 5.00`."""
    credit = f" credit {answer.credit.amount:f}" if answer.credit else ""
    return f"{answer.outcome} {answer.rule}{credit}"
