"""Performs the effects of an account's decisions, each by one activity that is retried until it succeeds.

All raise ActivityError after a permanent error, and RunIsOver.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, ApplicationError

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
from activities.errors import ClocksRefused, RowsToCome
from domain.account.account import Account, Look, Seen
from domain.account.events import AccountRecord, Close, CloseReceipt, LiftHolds, Open, PlaceHolds
from domain.roles import Party
from workflows.account.details import effect_headline
from workflows.durable import options
from workflows.durable.activities import RunIsOver, perform
from workflows.durable.clock import TestClock
from workflows.durable.memory import for_sender

T = TypeVar("T")
Urgent = Callable[[], bool]


async def open_account(account: Account, clock: TestClock | None, effect: Open, urgent: Urgent) -> OpenedAccount:
    """Open it in the books; what they know of it.

    Raises RunIsOver, ActivityError after a permanent error, and ApplicationError, which ends the workflow, if it has a
    test clock where they are not allowed: nothing of it is written.
    """
    opening = AccountOpening(
        customer_id=account.customer_id,
        terms=account.terms,
        roles=account.roles,
        opened_at=account.opened_at,
        ahead_by=clock.offset if clock else None,
    )
    try:
        return await perform(
            OpeningActivities.open, opening, options.RESTORE_TIMEOUT, effect_headline(effect), urgent=urgent
        )
    except ActivityError as error:
        cause = error.cause
        if isinstance(cause, ApplicationError) and cause.type == ClocksRefused.__name__:
            raise for_sender(error) from None
        raise


async def close(account: Account, clock: TestClock | None, effect: Close, urgent: Urgent) -> CloseReceipt:
    """Have the books write the month's invoices; what they are."""
    entry = CloseInput(customer_id=account.customer_id, close=effect, test_clock=clock is not None)

    async def ask(waited: timedelta) -> CloseReceipt:
        asked, summary = entry.model_copy(update={"waited": waited}), effect_headline(effect)
        return await perform(AccountActivities.close, asked, options.CLOSE_TIMEOUT, summary, urgent=urgent)

    return await _with_all_rows(ask, urgent)


async def look(account: Account, effect: Look, urgent: Urgent) -> Seen:
    """What the books have that is on no invoice yet."""

    async def ask(waited: timedelta) -> Seen:
        entry = LookInput(customer_id=account.customer_id, look=effect, waited=waited)
        summary = effect_headline(effect)
        return await perform(AccountActivities.look, entry, options.RECORD_TIMEOUT, summary, urgent=urgent)

    return await _with_all_rows(ask, urgent)


async def _with_all_rows(ask: Callable[[timedelta], Awaitable[T]], urgent: Urgent) -> T:
    """What the books answer once the customer's subscriptions have written what was due before (MON-5, MON-8)."""
    began, pause = workflow.now(), options.ROWS_PAUSE
    while True:
        try:
            return await ask(workflow.now() - began)
        except ActivityError as error:
            cause = error.cause
            if not isinstance(cause, ApplicationError) or cause.type != RowsToCome.__name__:
                raise
            words = cause.message[: options.MAX_REASON]
        with suppress(TimeoutError):
            await workflow.wait_condition(urgent, timeout=pause, timeout_summary=words)
        if urgent():
            raise RunIsOver
        pause = min(2 * pause, options.ROWS_PAUSE_MAX)


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
