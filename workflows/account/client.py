"""The way in for Python callers: open an account, pay, look. Answers are in the books before `ask` says done."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError

from domain.account.requests import AccountRequest, ChangeTerms, FailPayment, ReceivePayment
from domain.subscription.decision import Answer, Outcome
from statemachines.account.life import AccountLife, Closing
from statemachines.account.timeline import next_account_milestone
from workflows.account.messages import AccountClosed, AccountDetails, StartAccount, account_workflow_id
from workflows.account.workflow import BillingAccountWorkflow
from workflows.calls.asking import NotAnswered, SubscriptionError, asked, looked
from workflows.durable import options, search_attributes

T = TypeVar("T")
UPDATE: dict[type[AccountRequest], str] = {
    ReceivePayment: "payment_received",
    FailPayment: "payment_failed",
    ChangeTerms: "change_terms",
}


class UnknownAccount(SubscriptionError):
    """The server knows no account of that customer."""


class _StillClosing(Exception):
    """The month is being closed: to be tried again."""


class Accounts:
    """Billing accounts on one Temporal server, by their customers."""

    def __init__(self, client: Client, task_queue: str, wall_clock: Callable[[], datetime] | None = None) -> None:
        """`wall_clock` dates what is only looked at: between its tasks a workflow does not know the time."""
        self._client = client
        self._task_queue = task_queue
        self._wall_clock = wall_clock

    def handle(self, customer_id: str) -> WorkflowHandle[BillingAccountWorkflow, AccountClosed]:
        """The workflow that owns the customer's account, whichever run is the current one."""
        return self._client.get_workflow_handle_for(BillingAccountWorkflow.run, account_workflow_id(customer_id))

    async def open(self, start: StartAccount) -> bool:
        """Open the account; False where it is open already. Raises RPCError.

        What failed under its id was a start that nobody could read: an account has no end of its own.
        """
        try:
            await self._client.start_workflow(
                BillingAccountWorkflow.run,
                start,
                id=account_workflow_id(start.customer_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                task_timeout=options.TASK_TIMEOUT,
                search_attributes=search_attributes.fixed_of_account(start.customer_id),
                static_summary=f"billing account of {start.customer_id}",
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def ask(self, customer_id: str, request: AccountRequest, *, wait: bool = True) -> Answer:
        """Send the request as an update and return its answer; with `wait`, once it is in the books.

        While the month is being closed it is tried again. A payment is told by its id, so that sending it again
        has one effect. Raises SubscriptionError.
        """
        handle = self.handle(customer_id)
        named = isinstance(request, ReceivePayment)
        update_id = f"{request.payment_id}.{request.fingerprint()}" if isinstance(request, ReceivePayment) else None

        async def send() -> Answer:
            try:
                answer: Answer = await handle.execute_update(
                    UPDATE[type(request)],
                    request,
                    id=update_id,
                    result_type=Answer,
                    rpc_timeout=options.ANSWER_TIMEOUT,
                )
            except WorkflowUpdateFailedError as error:
                if isinstance(error.cause, ApplicationError) and error.cause.type == Closing.__name__:
                    raise _StillClosing(error.cause.message) from None
                raise
            return answer

        answer = await self._once_closed(lambda: self._asked(customer_id, send, retries=None if named else 0))
        if wait and answer.outcome is Outcome.DONE:
            await self.committed(customer_id, answer.seq)
        return answer

    async def committed(self, customer_id: str, seq: int) -> AccountDetails:
        """Wait until everything up to that event is in the books, and its holds are placed or lifted."""

        async def look() -> AccountDetails | None:
            seen = await self.details(customer_id)
            if seen.attention:
                raise SubscriptionError(f"the account of {customer_id} needs attention: {seen.attention}")
            return seen if seen.performed >= seq else None

        words = f"{customer_id}: account event {seq} is accepted but not in the books yet; look again"
        return await _until(look, options.COMMIT_TIMEOUT, words)

    async def settled(self, customer_id: str, to: datetime | None = None) -> AccountLife:
        """Wait until every milestone due by that instant has happened and no effect is waiting."""

        async def look() -> AccountLife | None:
            life = await self.life(customer_id)
            due = to is not None and next_account_milestone(life.account).at <= to
            return None if life.effects or life.waiting or due else life

        words = f"{customer_id}: the account's milestones due by {to} have not all happened; look again"
        return await _until(look, options.SETTLE_TIMEOUT, words)

    async def details(self, customer_id: str) -> AccountDetails:
        """The account as it stands. Raises UnknownAccount."""
        as_of = (self._wall_clock(),) if self._wall_clock else ()
        return await self._query(customer_id, "details", AccountDetails, *as_of)

    async def life(self, customer_id: str) -> AccountLife:
        """The whole state of the account. Raises UnknownAccount."""
        return await self._query(customer_id, "life", AccountLife)

    async def _query(self, customer_id: str, query: str, result: type[T], *args: object) -> T:
        handle = self.handle(customer_id)

        async def send(patience: timedelta) -> T:
            found: T = await handle.query(query, args=args, result_type=result, rpc_timeout=patience)
            return found

        return await self._asked(customer_id, lambda: looked(send), retries=None)

    async def _asked(self, customer_id: str, send: Callable[[], Awaitable[T]], *, retries: int | None) -> T:
        def missing(_: RPCError) -> SubscriptionError:
            return UnknownAccount(f"there is no billing account of {customer_id} on this server: it buys nothing yet")

        named = f"billing account of {customer_id}"
        return await (asked(named, send, missing) if retries is None else asked(named, send, missing, retries=retries))

    async def _once_closed(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        async def look() -> Answer | None:
            try:
                return await ask()
            except _StillClosing:
                return None

        return await _until(look, options.COMMIT_TIMEOUT, str(Closing()))


async def _until(look: Callable[[], Awaitable[T | None]], patience: timedelta, words: str) -> T:
    """What a look finds, as soon as it finds something. Raises NotAnswered with the words where that takes too long."""
    pause, waited = options.POLL_INTERVAL, timedelta(0)
    while (found := await look()) is None:
        if waited > patience:
            raise NotAnswered(words)
        await asyncio.sleep(pause.total_seconds())
        waited += pause
        pause = min(pause * 2, options.POLL_INTERVAL_MAX)
    return found
