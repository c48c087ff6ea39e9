"""What the activities need of the world. Adapters implement these; workflows know nothing beyond them."""

from datetime import datetime, timedelta
from typing import Protocol

from activities.account_contracts import AccountRecordInput, CloseInput
from activities.contracts import Confirmation, OpenAccount, ProvisionInput, RecordInput
from activities.notification_contracts import HandOver, Message, Pending, Reply
from activities.order_contracts import OpenInput, OrderLine, PlacedOrder, PlaceInput
from activities.price_contracts import Concerned, ConcernedInput, PriceMessage
from activities.publishers import Endpoint
from domain.account_events import CloseReceipt
from domain.commands import Command, ReportUsage
from domain.decision import Answer
from domain.delivery import Standing
from domain.effects import Receipt
from domain.order import Order


class Books(Protocol):
    """Journal, ledger, usage, outbox and claims, kept for good."""

    async def record(self, entry: RecordInput) -> Receipt:
        """Write one decision in one transaction; the same decision again gives the same receipt.

        Raises BooksConflict where a key is there already with other content (MON-2), BooksUnavailable where
        trying again may help.
        """
        ...

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        """Record usage that the lifecycle accepted, once per usage id (MON-7).

        The books refuse it themselves where the journal shows that the life took no usage any more (SUS-10).
        Raises BooksUnavailable, too, while the journal is behind the life that accepted it.
        """
        ...


class Orders(Protocol):
    """Orders and their lines, with what each line claims (BUY-3, ELG-1, TRI-4)."""

    async def open(self, entry: OpenInput) -> PlacedOrder:
        """Take the order in, all its lines waiting; or take it up again: lines that were refused wait again.

        Raises OrderConflict where the id belongs to an order of other content.
        """
        ...

    async def place(self, line: PlaceInput) -> OrderLine:
        """Decide the line and take its claims in one transaction; once placed, it stays as it was placed."""
        ...

    async def purchase(self, order_id: str, number: int) -> Order:
        """What the placed line's subscription begins with: always the same."""
        ...

    async def bought(self, order_id: str, number: int) -> OrderLine:
        """Note that the line's subscription has started; again changes nothing."""
        ...


class AccountBooks(Protocol):
    """Invoices, payments and the journals of accounts, kept for good (MON-5, MON-6)."""

    async def close(self, entry: CloseInput) -> CloseReceipt:
        """Write a month's invoices; the same month again gives the same receipt. Raises BooksConflict."""
        ...

    async def record(self, entry: AccountRecordInput) -> None:
        """Write one decision in one transaction; again changes nothing. Raises BooksConflict."""
        ...


class NonpaymentHolds(Protocol):
    """Which subscriptions an account has suspended (SUS-9)."""

    async def to_hold(self, customer_id: str, seq: int) -> list[str]:
        """The customer's licensed subscriptions that have not ended and are not noted as held by that event."""
        ...

    async def placed(self, customer_id: str, seq: int, subscription_id: str) -> None:
        """Note that the event has suspended it; again changes nothing."""
        ...

    async def to_lift(self, customer_id: str) -> list[str]:
        """What is noted as held and not as lifted."""
        ...

    async def lifted(self, customer_id: str, seq: int, subscription_id: str) -> None:
        """Note that the event has lifted what was held; again changes nothing."""
        ...

    async def count(self, customer_id: str, *, placed_by: int | None = None, lifted_by: int | None = None) -> int:
        """How many that event has suspended, or lifted."""
        ...


class AccountOpener(Protocol):
    """Where accounts live."""

    async def open(self, account: OpenAccount) -> None:
        """Open the customer's account; where it is open already, this changes nothing."""
        ...


class Outbox(Protocol):
    """What publishers are to be told, in order for each subscription, and how far that has come (invariant 13)."""

    async def next(self, subscription_id: str, publisher: str) -> Pending | None:
        """The first event that is not done, as this publisher is to be told it; None where all are."""
        ...

    async def told_up_to(self, subscription_id: str) -> int:
        """The last event that is done, 0 for none."""
        ...

    async def settle(self, pending: Pending, publisher: str, standing: Standing, at: datetime) -> None:
        """Note what became of the event for good."""
        ...

    async def failed(
        self, pending: Pending, publisher: str, problem: str, at: datetime, next_try_at: datetime | None
    ) -> None:
        """Note a try that failed, and when the next one is; None where it is undeliverable."""
        ...

    async def afresh(self, subscription_id: str) -> None:
        """Begin the tries of an undeliverable event anew."""
        ...


class Messenger(Protocol):
    """The way to a publisher's endpoint."""

    async def send(self, endpoint: Endpoint, message: Message) -> Reply:
        """One signed try, within the endpoint's timeout. What goes wrong on the way is a Reply, never raised."""
        ...


class Deliverer(Protocol):
    """Where what an ended life has left to tell is told."""

    async def deliver(self, left: HandOver) -> None:
        """Start its delivery; where it is under way already, this changes nothing."""
        ...


class Launcher(Protocol):
    """Where subscriptions live."""

    async def launch(self, order: Order, *, ahead_by: timedelta | None, periods_per_run: int) -> None:
        """Start the subscription's life; where it has begun already, this changes nothing."""
        ...


class PriceBook(Protocol):
    """What the catalog's versions changed in prices, and whom that concerns (BUY-5)."""

    async def concerned(self, page: ConcernedInput) -> Concerned:
        """A page of the subscriptions that have not ended, of the offers whose prices the version changed."""
        ...

    async def messages(self, version: int, subscription_ids: tuple[str, ...]) -> list[PriceMessage]:
        """What each is to be told: its offer's prices as the newest version of the catalog has them."""
        ...

    async def told(self, version: int) -> None:
        """Note that every subscription concerned has been told."""
        ...


class Audience(Protocol):
    """The subscriptions on the server, to be told something."""

    async def tell(self, subscription_id: str, command: Command) -> Answer | None:
        """Its answer; None where it has ended. Raises NotThere where the server does not know it."""
        ...


class Tenants(Protocol):
    """Where the users of the sold service are: each subscription is one tenant."""

    async def grant(self, change: ProvisionInput) -> Confirmation:
        """Users can sign in, with so many seats. Again with the same seq: the same confirmation."""
        ...

    async def revoke(self, change: ProvisionInput) -> Confirmation:
        """Users are turned away; admins still read the data (SUS-2)."""
        ...

    async def purge(self, change: ProvisionInput) -> Confirmation:
        """The tenant and all its data are gone (SUS-3)."""
        ...


class AccessLog(Protocol):
    """When users had access, kept beyond the tenant."""

    async def note(self, change: ProvisionInput, confirmation: Confirmation) -> None:
        """Note a confirmed change, once per (subscription, seq)."""
        ...
