"""The client of billing accounts: open one, send it a payment, look at it."""

from datetime import datetime

from temporalio.client import WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.random_ids import random_id
from domain.account.requests import AccountRequest, Correction, ReceivePayment, TakeOverInvoices
from domain.conflict import SettleConflict
from domain.subscription.decision import Answer
from statemachines.account.life import AccountLife, Closing, Opening
from workflows.account.details import NOTHING_OWED
from workflows.account.messages import ACCOUNT_REQUESTS, AccountClosed, AccountDetails, RowsWritten, StartAccount
from workflows.account.workflow import BillingAccountWorkflow
from workflows.calls.committed import wait_until_committed
from workflows.calls.errors import NotFound, Rejected
from workflows.calls.target import Target, WorkflowClient
from workflows.calls.waiting import poll
from workflows.durable import options, search_attributes
from workflows.durable.workflow_ids import account_workflow_id

_UPDATES: dict[type[AccountRequest], str] = {request: update for update, request in ACCOUNT_REQUESTS.items()}


class Accounts(WorkflowClient):
    """Billing accounts on one Temporal server, by their customers."""

    def handle(self, customer_id: str) -> WorkflowHandle[BillingAccountWorkflow, AccountClosed]:
        """The workflow that owns the customer's account, whichever run is the current one."""
        return self._client.get_workflow_handle_for(BillingAccountWorkflow.run, account_workflow_id(customer_id))

    async def open(self, start: StartAccount) -> bool:
        """Open the account; False where it is open already. Raises ClocksRefused and RPCError."""
        if start.clock is not None:
            await self.test_clocks.require()
        try:
            await self._client.start_workflow(
                BillingAccountWorkflow.run,
                start,
                id=account_workflow_id(start.customer_id),
                task_queue=self._task_queue,
                # An account never ends: a failed one had a malformed start.
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                task_timeout=options.TASK_TIMEOUT,
                search_attributes=search_attributes.of_new_account(start.customer_id, NOTHING_OWED),
                static_summary=f"billing account of {start.customer_id}",
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def ask(self, customer_id: str, request: AccountRequest, *, wait: bool = True) -> Answer:
        """Send the request as an update and return its answer; with `wait`, once it is in the books.

        While the month is being closed, the request is sent again until it is decided. If its answer is lost, a
        payment, open invoices or a correction are sent again: their ids make sure that they have one effect. A payment
        of an earlier call is decided by the account, so it is `unchanged` or refused, and never answered as if it had
        come now (MON-7). Raises CallError.
        """
        repeatable = isinstance(request, ReceivePayment | TakeOverInvoices | Correction)
        update, update_id = _UPDATES[type(request)], random_id()

        async def send() -> Answer | None:
            try:
                return await self._target(customer_id).update(
                    update, request, Answer, update_id=update_id, repeatable=repeatable
                )
            except Rejected as error:
                if error.kind not in {Closing.__name__, Opening.__name__}:
                    raise
                return None

        answer = await poll(send, options.COMMIT_TIMEOUT, str(Closing()))
        if wait and not answer.refused:
            await self.committed(customer_id, answer.seq)
        return answer

    async def committed(self, customer_id: str, seq: int) -> None:
        """Wait until all events up to that seq are in the books, and their holds placed or lifted.

        Raises NeedsAttention where an effect needs an operator, NotAnswered where it takes too long, and another
        CallError where there is no such event.
        """

        async def done() -> int:
            return (await self.details(customer_id)).performed

        await wait_until_committed(self._target(customer_id), seq, done)

    async def settle(self, customer_id: str, request: SettleConflict) -> str:
        """Settle a conflict with the books, and wait until its event is in them; the message. Raises CallError."""
        words = await self._target(customer_id).update("settle_conflict", request, str, repeatable=False)
        await self.committed(customer_id, (await self.details(customer_id)).seq)
        return words

    async def settled(self, customer_id: str, to: datetime | None = None) -> AccountLife:
        """Wait until all milestones due by that instant have happened and no effect is waiting. Raises CallError."""

        async def look() -> AccountLife | None:
            life = await self.life(customer_id)
            due = to is not None and life.due_at <= to
            return None if life.effects or life.waiting or due else life

        message = f"{customer_id}: the account's milestones due by {to} have not all happened; look again"
        return await poll(look, options.SETTLE_TIMEOUT, message)

    async def details(self, customer_id: str) -> AccountDetails:
        """The account's details now. Raises CallError."""
        return await self._target(customer_id).query("details", AccountDetails, self._as_of())

    async def life(self, customer_id: str) -> AccountLife:
        """The workflow's whole state. Raises CallError."""
        return await self._target(customer_id).query("life", AccountLife)

    async def tell_of_rows(self, customer_id: str, at: datetime) -> bool:
        """Tell the account that a subscription was billed or credited; False where it is not there. Raises RPCError."""
        try:
            await self.handle(customer_id).signal("rows_written", RowsWritten(at=at))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    def _target(self, customer_id: str) -> Target:
        not_found = NotFound(f"There is no billing account of {customer_id} on this server: it has bought nothing yet.")
        workflow_id, name = account_workflow_id(customer_id), f"the billing account of {customer_id}"
        return Target(self._client, workflow_id, name, not_found, subject=customer_id)
