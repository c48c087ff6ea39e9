"""A scenario lived through a storm: what fails on the way is asked again, under the same ids, until it is known."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import (
    UpdateWorkflowExecutionOptionsRequest,
    UpdateWorkflowExecutionOptionsResponse,
)
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.adapters.sql.database import Database
from activities.errors import Transient
from activities.wall_clock import wall_clock
from domain.account.requests import AccountRequest
from domain.ordering.terms import Order
from domain.roles import Action
from domain.subscription.commands import Command, ReportUsage
from domain.subscription.decision import Answer, Outcome
from hosting.temporal.errors import ServerUnreachable
from perennial.rehearsal.scenario_runner import ScenarioRun
from perennial.rehearsal.time_skipping import ClockStuck, ServerClock
from perennial.subscription.usage import report_usage
from statemachines.simulation.document import ScenarioReport
from statemachines.subscription.life import Life
from tests.chaos.plans import Planned
from tests.support.live.builds import DEPLOYMENT
from tests.support.live.outside import FromOutside
from tests.support.live.patience import PatientAccounts, PatientSubscriptions, seen_patiently
from workflows.account.messages import StartAccount
from workflows.calls.errors import AlreadyExists, NeedsAttention, NotAnswered
from workflows.calls.versions import Versions
from workflows.durable.clock import TestClock

PATIENCE = 120.0
"""Seconds until a request that still fails is a failure."""
PAUSE = 0.1
LEAP_SECONDS = 10.0
"""For one try to move a clock: the skipping waits for workers, and the next try goes on where it stopped."""
STANDSTILL = timedelta(days=1)
"""A clock that does not get so far within the patience does not move."""
SETTLE_SECONDS = 10.0
"""Until a subscription that is not settled is asked whether it waits for an operator."""
PASSING = (NotAnswered, Transient, RPCError, ServerUnreachable, ClockStuck, TimeoutError)
"""What a storm does to a request."""

T = TypeVar("T")


async def stubbornly(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer, asked for again while only the storm is in the way."""
    loop = asyncio.get_running_loop()
    latest = loop.time() + PATIENCE
    while True:
        try:
            return await ask()
        except PASSING:
            if loop.time() > latest:
                raise
        await asyncio.sleep(PAUSE)


class OnceSkipper(TimeSkipper):
    """Asks for each leap once: the SDK asks a server again that was killed, which then leaps twice as far."""

    async def _update_time_skipping_config(
        self, handle: WorkflowHandle[Any, Any], config: TimeSkippingConfig
    ) -> UpdateWorkflowExecutionOptionsResponse:
        return await self._client.workflow_service.update_workflow_execution_options(
            UpdateWorkflowExecutionOptionsRequest(
                namespace=self._client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=handle.id, run_id=handle.run_id or ""),
                workflow_execution_options=WorkflowExecutionOptions(time_skipping_config=config._to_proto()),
                update_mask=FieldMask(paths=["time_skipping_config"]),
            )
        )


class StubbornClock(ServerClock):
    """Goes on after each outage, unless the workflow has ended meanwhile: then it is where it was led to."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._skipper = OnceSkipper(client, config=self._skipper._config)

    async def now(self, handle: WorkflowHandle[Any, Any], clock: TestClock) -> datetime:
        return await stubbornly(lambda: super(StubbornClock, self).now(handle, clock))

    async def advance(self, handle: WorkflowHandle[Any, Any], clock: TestClock, to: datetime) -> None:
        tried = False

        async def leap() -> None:
            nonlocal tried
            try:
                if tried:
                    # An unfinished leap may end between the look at the clock and the next leap: that goes too far.
                    await self._skipper._update_time_skipping_config(handle, TimeSkippingConfig(enabled=False))
                tried = True
                async with asyncio.timeout(LEAP_SECONDS):
                    await super(StubbornClock, self).advance(handle, clock, to)
            except RPCError as error:
                if "already completed" not in error.message:
                    raise
            except RuntimeError as error:
                raise ClockStuck(f"{handle.id}: {error}") from None

        reached: datetime | None = None
        while True:
            try:
                return await stubbornly(leap)
            except TimeoutError:
                # A busy machine takes long for years: it goes on as long as they pass.
                before, reached = reached, await self.now(handle, clock)
                if before and reached - before < STANDSTILL:
                    raise


class StubbornSubscriptions(PatientSubscriptions):
    """Buys again where the first answer was lost."""

    async def buy(self, order: Order, **options: Any) -> Any:
        tried = False

        async def once() -> Any:
            nonlocal tried
            try:
                return await super(StubbornSubscriptions, self).buy(order, **options)
            except AlreadyExists:
                if tried and await self.began_with(order):
                    return self.handle(order.subscription_id)
                raise
            finally:
                tried = True

        return await stubbornly(once)

    async def ask_again(self, subscription_id: str, command: Command) -> Answer:
        """The answer to the same command in an update of its own: the server does not know it, the workflow has to."""
        target, update_id = self._target(subscription_id), f"again-{command.command_id}"
        return await target.update(command.action.value, command, Answer, update_id=update_id)

    async def settled(self, subscription_id: str, to: datetime | None = None) -> Life:
        """Raises NeedsAttention where it waits for an operator."""

        async def look() -> Life:
            try:
                async with asyncio.timeout(SETTLE_SECONDS):
                    return await super(StubbornSubscriptions, self).settled(subscription_id, to)
            except (NotAnswered, TimeoutError):
                if words := (await self.details(subscription_id)).attention:
                    raise NeedsAttention(words) from None
                raise

        return await stubbornly(look)

    async def committed(self, subscription_id: str, seq: int) -> None:
        return await stubbornly(lambda: super(StubbornSubscriptions, self).committed(subscription_id, seq))


class StubbornAccounts(PatientAccounts):
    """Opens again; once is enough."""

    async def open(self, start: StartAccount) -> bool:
        return await stubbornly(lambda: super(StubbornAccounts, self).open(start))


def seen_stubbornly(client: Client, task_queue: str, database: Database) -> FromOutside:
    """The server, whose workers have versions, and the books through a storm."""
    seen = seen_patiently(client, task_queue, database)
    server = dataclasses.replace(
        seen.server,
        subscriptions=StubbornSubscriptions(client, task_queue, wall_clock),
        accounts=StubbornAccounts(client, task_queue, wall_clock),
        versions=Versions(client, task_queue, DEPLOYMENT),
    )
    return FromOutside(server, seen.books, StubbornClock(client))


def _ends(command: Command, answer: Answer) -> bool:
    """Whether the subscription ends at once: then it is not there to be asked again."""
    return answer.outcome in {Outcome.CANCELLED_WITH_CREDIT, Outcome.CANCELLED} or command.action is Action.DEPROVISION


class StubbornRun(ScenarioRun):
    """A planned life; some of its commands are sent twice, and have to be answered alike."""

    def __init__(self, planned: Planned, world: FromOutside) -> None:
        super().__init__(planned.scenario, planned.id, world)
        self._planned = planned
        self.differing: list[str] = []

    async def run(self, now: datetime) -> ScenarioReport:
        """Its clock begins so late that the dates by then are due all at once, as after workers that were all down."""
        return await super().run(now - self._planned.asleep)

    async def _send(self, command: Command | AccountRequest, of: str | None, number: int) -> Answer:
        if isinstance(command, AccountRequest):
            return await stubbornly(lambda: super(StubbornRun, self)._send(command, of, number))
        wanted, server = command.model_copy(update={"command_id": f"command-{number}"}), self._world.server
        if isinstance(wanted, ReportUsage):
            return await stubbornly(lambda: report_usage(server, self._world.books, self._planned.id, wanted))
        life = await stubbornly(lambda: self._subscriptions.life(self._planned.id))
        if life.ended:
            return await stubbornly(lambda: self._subscriptions.preview(self._planned.id, wanted))
        answer = await stubbornly(lambda: self._subscriptions.ask(self._planned.id, wanted))
        if number in self._planned.twice and not _ends(wanted, answer):
            again = await stubbornly(lambda: self._again(wanted))
            if again != answer:
                self.differing.append(f"command {number} sent twice: {answer!r}, then {again!r}")
        return answer

    async def _again(self, wanted: Command) -> Answer:
        assert isinstance(self._subscriptions, StubbornSubscriptions)
        return await self._subscriptions.ask_again(self._planned.id, wanted)

    async def _advance_until(self, to: datetime) -> None:
        await stubbornly(lambda: super(StubbornRun, self)._advance_until(to))

    async def _report(self, answers: list[Answer]) -> ScenarioReport:
        return await stubbornly(lambda: super(StubbornRun, self)._report(answers))
