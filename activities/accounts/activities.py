"""The activities of a billing account: close a month, record a decision, place and lift holds (MON-5, MON-6, SUS-9)."""

from datetime import datetime, timedelta

from temporalio import activity

from activities.accounts.contracts import (
    AccountOpening,
    AccountReceipt,
    AccountRecordInput,
    AskedCorrection,
    AskedPayment,
    CloseInput,
    HoldInput,
    HoldResult,
    LiftInput,
    LookInput,
    OpenedAccount,
    ToLift,
)
from activities.accounts.ports import AccountBooks, AccountOpenings, NonpaymentHolds, Payments, Taxes
from activities.errors import NotTaken, NotThere, RowsToCome, reported
from activities.fan_out import for_each
from activities.logged import log_events
from activities.ports import AllowedClocks, CommandSender
from domain.account.account import Payment, Seen
from domain.account.events import CloseReceipt
from domain.account.recalled import Recalled
from domain.account.taxing import Taxed
from domain.subscription.commands import Command
from domain.subscription.decision import Answer, Outcome
from domain.values import format_instant
from statemachines.account.holds import hold_command, lift_command


class AccountActivities:
    """Each activity is idempotent by customer, and by event or month.

    Raises ApplicationError: of type BooksConflict, not retryable; of type BooksUnavailable, SchemaMismatch or
    ServerUnavailable, retryable. A month is closed, and dunning decided, on all that was due before: where the books
    lack some of it, the error is RowsToCome, not retryable, until the account has waited for `patience`.
    """

    def __init__(
        self,
        books: AccountBooks,
        holds: NonpaymentHolds,
        subscriptions: CommandSender,
        patience: timedelta,
        taxes: Taxes,
    ) -> None:
        self._books = books
        self._taxes = taxes
        self._holds = holds
        self._subscriptions = subscriptions
        self._patience = patience

    @activity.defn(name="close_month")
    async def close(self, entry: CloseInput) -> CloseReceipt:
        """Write the invoices of a month that has ended (MON-5)."""
        with reported():
            await self._refuse_too_early(entry, entry.close.period.end)
            return await self._books.close(entry, await self._taxed(entry.customer_id, entry.close.period.end))

    @activity.defn(name="look_at_uninvoiced")
    async def look(self, entry: LookInput) -> Seen:
        """What is credited and on no invoice yet: it counts against overdue invoices (MON-8)."""
        with reported():
            await self._refuse_too_early(entry, entry.look.until)
            return await self._books.look(entry, await self._taxed(entry.customer_id, entry.look.until))

    async def _taxed(self, customer_id: str, before: datetime) -> Taxed | None:
        """How what is to be invoiced is taxed (MON-13)."""
        case = await self._books.to_tax(customer_id, before)
        treatments = await self._taxes.treatments(case) if case else None
        return Taxed(case.sale, treatments) if case and treatments is not None else None

    async def _refuse_too_early(self, entry: CloseInput | LookInput, before: datetime) -> None:
        late = await self._books.late(entry.customer_id, before) if entry.waited < self._patience else None
        if late:
            raise RowsToCome(f"{late.subscription_id}: what is due at {format_instant(late.due_at)} is to come.")

    @activity.defn(name="record_account")
    async def record(self, entry: AccountRecordInput) -> AccountReceipt:
        """Write one decision of an account in one transaction, once for each (customer, seq) (MON-2)."""
        with reported():
            receipt = await self._books.record(entry)
            log_events(entry.record.events, customer=entry.customer_id)
            return receipt

    @activity.defn(name="hold_for_nonpayment")
    async def hold(self, entry: HoldInput) -> HoldResult:
        """Place holds for the unpaid invoice, and record where it was done (MON-9, SUS-9)."""

        async def place(subscription_id: str) -> None:
            answer = await self._send(subscription_id, hold_command(entry.seq, entry.at, entry.invoice))
            if answer and not answer.refused:
                placed = answer.outcome is Outcome.DONE
                await self._holds.note_held(entry, subscription_id, placed=placed)

        with reported():
            await for_each(await self._holds.to_hold(entry), place)
            return HoldResult(subscriptions=await self._holds.count(entry.customer_id, placed_by=entry.seq))

    @activity.defn(name="lift_nonpayment")
    async def lift(self, entry: LiftInput) -> HoldResult:
        """Lift the holds on record. A subscription with another hold, or another unpaid invoice, stays suspended."""

        async def lift(held: ToLift) -> None:
            if not held.kept:
                await self._send(held.subscription_id, lift_command(entry.seq, entry.at))
            await self._holds.note_lifted(entry, held.subscription_id)

        with reported():
            await for_each(await self._holds.to_lift(entry), lift)
            return HoldResult(subscriptions=await self._holds.count(entry.customer_id, lifted_by=entry.seq))

    async def _send(self, subscription_id: str, command: Command) -> Answer | None:
        """Send the command. Returns None if the subscription has ended or the server no longer knows it."""
        try:
            return await self._subscriptions.send(subscription_id, command)
        except NotThere:
            return None
        except NotTaken:
            if command.at is None:
                return None
            # Its clock is ahead of the account's: without `at` it decides at its own time.
            return await self._send(subscription_id, command.model_copy(update={"at": None}))


class OpeningActivities:
    """Opens accounts in the books. Raises ApplicationError like AccountActivities."""

    def __init__(self, openings: AccountOpenings, test_clocks: AllowedClocks | None = None) -> None:
        self._openings = openings
        self._test_clocks = test_clocks

    @activity.defn(name="open_account")
    async def open(self, opening: AccountOpening) -> OpenedAccount:
        """Open an account in the books, once; what they know of it already stays, and is returned (MON-5).

        One with a test clock is not opened where they are not allowed.
        """
        with reported():
            if opening.ahead_by is not None and self._test_clocks:
                await self._test_clocks.require()
            return await self._openings.open(opening)


class PaymentActivities:
    """Finds what an account may have forgotten, or never knew. Raises ApplicationError like AccountActivities."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments

    @activity.defn(name="recorded_payment")
    async def payment(self, asked: AskedPayment) -> Payment | None:
        """The payment of an id that the account may have forgotten (MON-7)."""
        with reported():
            return await self._payments.payment(asked)

    @activity.defn(name="recall_for_correction")
    async def recalled(self, asked: AskedCorrection) -> Recalled:
        """What the books have of what a correction names (MON-10)."""
        with reported():
            return await self._payments.recalled(asked)
