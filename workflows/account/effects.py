"""Performs the effects of an account's decisions, each by one activity that is retried until it succeeds.

All raise ActivityError after a permanent error, and RunIsOver.
"""

from collections.abc import Callable
from typing import Any

from temporalio.common import Priority

from activities.accounts.activities import AccountActivities, OpeningActivities
from activities.accounts.contracts import (
    AccountOpening,
    AccountRecordInput,
    CloseInput,
    HoldInput,
    LiftInput,
    LookInput,
    OpenedAccount,
)
from domain.account.account import Account, Look, Seen
from domain.account.events import AccountRecord, Close, CloseReceipt, LiftHolds, Open, PlaceHolds
from domain.roles import Party
from workflows.account.details import effect_headline
from workflows.durable import options
from workflows.durable.activities import perform
from workflows.durable.clock import TestClock

Urgent = Callable[[], bool]


async def open_account(account: Account, clock: TestClock | None, effect: Open, urgent: Urgent) -> OpenedAccount:
    """Open it in the books; what they know of it."""
    opening = AccountOpening(
        customer_id=account.customer_id,
        terms=account.terms,
        roles=account.roles,
        opened_at=account.opened_at,
        ahead_by=clock.offset if clock else None,
    )
    return await perform(
        OpeningActivities.open, opening, options.RESTORE_TIMEOUT, effect_headline(effect), urgent=urgent
    )


async def close(account: Account, clock: TestClock | None, effect: Close, urgent: Urgent) -> CloseReceipt:
    """Have the books write the month's invoices; what they are."""
    entry = CloseInput(customer_id=account.customer_id, close=effect, test_clock=clock is not None)
    return await perform(AccountActivities.close, entry, options.CLOSE_TIMEOUT, effect_headline(effect), urgent=urgent)


async def look(account: Account, effect: Look, urgent: Urgent) -> Seen:
    """What the books have that is on no invoice yet."""
    entry = LookInput(customer_id=account.customer_id, look=effect)
    return await perform(AccountActivities.look, entry, options.RECORD_TIMEOUT, effect_headline(effect), urgent=urgent)


async def record(account: Account, clock: TestClock | None, effect: AccountRecord, urgent: Urgent) -> None:
    """Write a decision into the books."""
    entry = AccountRecordInput(customer_id=account.customer_id, record=effect, test_clock=clock is not None)
    priority = Priority.default if effect.events[0].by == Party.SYSTEM else options.PEOPLE
    summary = effect_headline(effect)
    await perform(AccountActivities.record, entry, options.RECORD_TIMEOUT, summary, urgent=urgent, priority=priority)


async def hold_or_lift(
    account: Account, clock: TestClock | None, effect: PlaceHolds | LiftHolds, urgent: Urgent
) -> None:
    """Place holds for an unpaid invoice, or lift them."""
    customer_id, at, seq = account.customer_id, effect.at if clock else None, effect.seq
    entry: HoldInput | LiftInput
    if isinstance(effect, PlaceHolds):
        activity: Any = AccountActivities.hold
        entry = HoldInput(customer_id=customer_id, seq=seq, invoice=effect.invoice, scope=effect.scope, at=at)
    else:
        activity = AccountActivities.lift
        entry = LiftInput(customer_id=customer_id, seq=seq, keep=effect.keep, at=at)
    await perform(
        activity,
        entry,
        options.FAN_OUT_TIMEOUT,
        effect_headline(effect),
        urgent=urgent,
    )
