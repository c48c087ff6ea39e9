"""A permanent error leaves an account's effect at its head, shows it, and waits for an operator."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.accounts.activities import AccountActivities, OpeningActivities
from activities.accounts.contracts import (
    AccountOpening,
    AccountReceipt,
    AccountRecordInput,
    CloseInput,
    HoldInput,
    LiftInput,
    LookInput,
    OpenedAccount,
    ToLift,
)
from activities.errors import BooksConflict, BooksUnavailable
from activities.heartbeats import Heartbeats
from domain.account.account import Seen
from domain.account.events import CloseReceipt
from domain.account.taxing import Taxed
from domain.subscription.commands import Command
from domain.subscription.decision import Answer, Outcome
from domain.taxes.sale import TaxCase
from hosting.assembly import World
from statemachines.account.life import AccountSteps
from statemachines.simulation.account_book import AccountBook
from tests.support.live.payers import new_customer, payment
from workflows.account.client import Accounts
from workflows.account.messages import StartAccount
from workflows.account.workflow import BillingAccountWorkflow
from workflows.calls.errors import CallError, Rejected
from workflows.durable import options
from workflows.durable.operator import Operator
from workflows.guard.interceptor import GuardInterceptor

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


class Moody:
    """Books and holds of one account, whose next calls fail as told."""

    def __init__(self, customer_id: str, *failures: Exception) -> None:
        self.failures = list(failures)
        self.book = AccountBook(customer_id, {})

    async def open(self, opening: AccountOpening) -> OpenedAccount:
        return OpenedAccount(life=AccountSteps.begin(opening.customer_id, opening.terms, opening.opened_at))

    async def to_tax(self, customer_id: str, before: datetime) -> None:
        """Its buyer is not known, so no tax is calculated."""

    async def treatments(self, case: TaxCase) -> None:
        """No tax is calculated."""

    async def look(self, entry: LookInput, taxed: Taxed | None = None) -> Seen:
        return self.book.look(entry.look)

    async def late(self, customer_id: str, before: datetime) -> None:
        """Nothing is owed to the books."""

    async def close(self, entry: CloseInput, taxed: Taxed | None = None) -> CloseReceipt:
        self._fail()
        return self.book.close(entry.close)

    async def record(self, entry: AccountRecordInput) -> AccountReceipt:
        self._fail()
        self.book.record(entry.record)
        return AccountReceipt()

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    async def to_hold(self, entry: HoldInput) -> list[str]:
        return []

    async def note_held(self, entry: HoldInput, subscription_id: str, *, placed: bool) -> None:
        """Nothing to keep."""

    async def to_lift(self, entry: LiftInput) -> list[ToLift]:
        return []

    async def note_lifted(self, entry: LiftInput, subscription_id: str) -> None:
        """Nothing to keep."""

    async def count(self, customer_id: str, *, placed_by: int | None = None, lifted_by: int | None = None) -> int:
        return 0

    async def send(self, subscription_id: str, command: Command) -> Answer | None:
        return None


MOODY_QUEUE = "moody-accounts"


def moody_worker(world: World, moody: Moody) -> Worker:
    invoicing = AccountActivities(moody, moody, moody, timedelta(0), moody)
    return Worker(
        world.server.client,
        task_queue=MOODY_QUEUE,
        workflows=[BillingAccountWorkflow],
        activities=[
            *(OpeningActivities(moody).open, invoicing.close, invoicing.look, invoicing.record),
            *(invoicing.hold, invoicing.lift),
        ],
        interceptors=[GuardInterceptor(), Heartbeats()],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


async def attention(accounts: Accounts, customer_id: str) -> str:
    """What needs attention, as soon as something does."""
    for _ in range(200):
        if found := (await accounts.details(customer_id)).attention:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("nothing needs attention")


async def test_a_permanent_error_waits_for_retry_effect(world: World) -> None:
    """Nothing is skipped: decisions go on, and what they do waits behind the effect that failed."""
    customer, accounts = new_customer(), Accounts(world.server.client, MOODY_QUEUE)
    moody = Moody(customer, BooksConflict("Account event 1 cannot follow 7."))
    async with moody_worker(world, moody):
        await accounts.open(StartAccount(customer_id=customer, opened_at=datetime.now(UTC)))
        await accounts.ask(customer, payment("p-1", "1.00"), wait=False)
        shown = await attention(accounts, customer)
        assert shown == "record_account: Account event 1 cannot follow 7."
        described = await accounts.handle(customer).describe()
        assert any(pair.key.name == "Attention" and pair.value == shown for pair in described.typed_search_attributes)
        second = await accounts.ask(customer, payment("p-2", "2.00"), wait=False)
        assert second.outcome is Outcome.DONE
        with pytest.raises(CallError, match="needs attention: record_account"):
            await accounts.committed(customer, second.seq)
        assert moody.book.events == []
        words = await accounts.handle(customer).execute_update("retry_effect", Operator(by="global_admin"))
        assert words == f"Trying again: {shown}"
        await accounts.settled(customer)
        assert [event.payment_id for event in moody.book.events] == ["p-1", "p-2"]
        assert (await accounts.details(customer)).attention is None
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await accounts.handle(customer).execute_update("retry_effect", Operator(by="global_admin"))
        assert "Nothing needs attention" in str(caught.value.cause)


async def test_a_payment_is_waited_for_over_the_end_of_a_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    customer, accounts = new_customer(), Accounts(world.server.client, MOODY_QUEUE)
    monkeypatch.setattr(options, "HAND_OVER_PATIENCE", timedelta(milliseconds=100))
    moody = Moody(customer, *[BooksUnavailable("The database is away.")] * 2)
    async with moody_worker(world, moody):
        await accounts.open(StartAccount(customer_id=customer, opened_at=datetime.now(UTC)))
        handle = accounts.handle(customer)
        first_run = (await handle.describe()).run_id
        asked = asyncio.create_task(accounts.ask(customer, payment("p-1", "1.00")))
        while len(moody.failures) == 2:
            await asyncio.sleep(0.05)
        await handle.execute_update("migrate", Operator(by="global_admin"))
        assert (await asked).outcome is Outcome.DONE
        assert (await handle.describe()).run_id != first_run
        assert [event.payment_id for event in moody.book.events] == ["p-1"]
        # Not only what the account has decided: a caller may ask for anything.
        with pytest.raises(Rejected, match="event 9 does not exist"):
            await accounts.committed(customer, 9)


async def test_a_month_that_cannot_be_closed_keeps_signals_waiting(world: World) -> None:
    """The close stays at the head; a payment by signal is decided once an operator has mended it."""
    customer, accounts = new_customer(), Accounts(world.server.client, MOODY_QUEUE)
    moody = Moody(customer, BooksConflict("The month is closed already, with other content."))
    async with moody_worker(world, moody):
        await accounts.open(StartAccount(customer_id=customer, opened_at=datetime.now(UTC) - timedelta(days=32)))
        assert (await attention(accounts, customer)).startswith("close_month: The month is closed already")
        await accounts.handle(customer).signal("payment_received", payment("p-1", "1.00"))
        assert len((await accounts.life(customer)).waiting) == 1
        await accounts.handle(customer).execute_update("retry_effect", Operator(by="global_admin"))
        life = await accounts.settled(customer)
        assert (life.waiting, life.refused_signal_count) == ((), 0)
        assert [event.payment_id for event in moody.book.events] == ["p-1"]
