"""What the activities of a billing account take and return."""

from datetime import timedelta

from domain.account.account import Look
from domain.account.events import AccountEvent, AccountRecord, Close
from domain.account.invoice import InvoiceHead, InvoiceId
from domain.account.requests import AnyAccountRequest
from domain.account.terms import BillingTerms, HoldScope, terms_of
from domain.roles import RolePreset
from domain.subscription.subscription import Subscription
from domain.values import Frozen, Instant, OmitEmpty
from statemachines.account.life import AccountLife
from statemachines.account.standing import Standing


class CloseInput(Frozen):
    """One month of one customer to close. With a `test_clock` it may end after the clock on the wall.

    `waited` is for how long the account has waited for rows of its subscriptions.
    """

    customer_id: str
    close: Close
    test_clock: bool = False
    waited: timedelta = timedelta(0)


class LookInput(Frozen):
    """What one customer's account wants to know of the books before it reminds or suspends (MON-8).

    `waited` is for how long it has waited for rows of its subscriptions.
    """

    customer_id: str
    look: Look
    waited: timedelta = timedelta(0)


class Late(Frozen):
    """A subscription that was to renew, charge or end at that instant; the books do not have it yet."""

    subscription_id: str
    due_at: Instant


class AccountRecordInput(Frozen):
    """One decision of an account to write. With a `test_clock` it may be dated after the clock on the wall."""

    customer_id: str
    record: AccountRecord
    test_clock: bool = False


class NumberedNote(Frozen):
    """The number that the books gave the credit note of the account's event `seq` (MON-10)."""

    seq: int
    id: InvoiceId
    series: str
    number: int


class IssuedNote(Frozen):
    """A credit note as its account issued it."""

    customer_id: str
    note: NumberedNote
    event: AccountEvent


class AccountReceipt(Frozen):
    """What the books made of a decision: the numbers of its credit notes."""

    credit_notes: OmitEmpty[tuple[NumberedNote, ...]] = ()


class AskedPayment(Frozen):
    """A payment id that may be recorded."""

    customer_id: str
    payment_id: str


class AskedCorrection(Frozen):
    """A correction of money, about which the books are asked (MON-10)."""

    customer_id: str
    request: AnyAccountRequest


class HoldInput(Frozen):
    """The customer whose subscriptions get a hold, the event that causes it, and the unpaid invoice (MON-9).

    `at` is set only if the account has a test clock.
    """

    customer_id: str
    seq: int
    invoice: InvoiceId
    scope: HoldScope
    at: Instant | None = None


class LiftInput(Frozen):
    """The customer whose subscriptions lose their holds, and the event that causes it; those for `keep` stay (MON-9).

    `at` is set only if the account has a test clock.
    """

    customer_id: str
    seq: int
    keep: tuple[InvoiceId, ...] = ()
    at: Instant | None = None


class ToLift(Frozen):
    """A subscription with holds to lift; `kept` if it is held for an invoice to keep besides, so stays suspended."""

    subscription_id: str
    kept: bool


class HoldResult(Frozen):
    """How many subscriptions are held for the invoice, or were let go by the event."""

    subscriptions: int


class ListedInvoice(Frozen):
    """An invoice as lists show it."""

    head: InvoiceHead
    standing: Standing


class AccountOpening(Frozen):
    """How a customer's account is opened, if the books do not know it yet. `ahead_by`: its test clock's offset."""

    customer_id: str
    terms: BillingTerms
    roles: RolePreset = RolePreset.DEFAULT
    opened_at: Instant
    ahead_by: timedelta | None = None


class OpenedAccount(Frozen):
    """An account as the books have it, with the offset of its test clock."""

    life: AccountLife
    ahead_by: timedelta | None = None


class OpenAccount(Frozen):
    """The account to open for a customer, if it is not open yet. `ahead_by`: its test clock's offset."""

    customer_id: str
    policy: str
    roles: RolePreset = RolePreset.DEFAULT
    at: Instant
    ahead_by: timedelta | None = None

    @property
    def opening(self) -> AccountOpening:
        """The same for the books."""
        return AccountOpening(
            customer_id=self.customer_id,
            terms=terms_of(self.policy),
            roles=self.roles,
            opened_at=self.at,
            ahead_by=self.ahead_by,
        )

    @classmethod
    def of(cls, subscription: Subscription, ahead_by: timedelta | None) -> "OpenAccount":
        """The account of the subscription's customer, with its policy pack and roles, opened when it was ordered."""
        return cls(
            customer_id=subscription.customer_id,
            policy=subscription.policy.name,
            roles=subscription.roles,
            at=subscription.ordered_at,
            ahead_by=ahead_by,
        )
