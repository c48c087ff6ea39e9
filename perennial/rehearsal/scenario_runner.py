"""Run a scenario on a real server: buy with a test clock, and move it by the server's time skipping."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from zlib import crc32

from domain.account.requests import AccountRequest
from domain.subscription.commands import Command, ReportUsage
from domain.subscription.decision import Answer
from perennial.rehearsal.time_skipping import ServerClock
from perennial.rehearsal.time_travel import TimeTravel
from perennial.sources.books import Books
from perennial.sources.server import Server
from perennial.subscription.usage import report_usage
from statemachines.simulation.document import LifeReport, scenario_invoices
from statemachines.simulation.scenario import Scenario
from statemachines.subscription.life import Life
from statemachines.subscription.timeline import next_milestone, timeline
from workflows.account.messages import StartAccount
from workflows.durable import options
from workflows.durable.clock import TestClock

LONGEST_NAME = 55
"""A customer's id is cut to this length, so that the suffix fits."""


class Surroundings(Protocol):
    """Where a scenario runs: a server with a worker, and the books."""

    @property
    def server(self) -> Server: ...
    @property
    def books(self) -> Books: ...
    @property
    def clock(self) -> ServerClock: ...


def customer_of_run(scenario: Scenario, subscription_id: str) -> str:
    """The customer of the run: each billed scenario gets its own, because billing accounts are per customer."""
    if not scenario.billed:
        return scenario.order.customer
    return f"{scenario.order.customer[:LONGEST_NAME]}-{crc32(subscription_id.encode()):08x}"


class ScenarioRun:
    """Runs one scenario on the server. `progress` is called with each command and milestone."""

    def __init__(
        self,
        scenario: Scenario,
        subscription_id: str,
        world: Surroundings,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._scenario = scenario
        self._id = subscription_id
        self._customer = customer_of_run(scenario, subscription_id)
        self._world = world
        self._subscriptions = world.server.subscriptions
        self._progress = progress
        self._clock = TestClock()

    async def run(self, now: datetime) -> LifeReport:
        """Buy at `now` on the server's clock, run the whole scenario, and report what happened."""
        scenario = self._scenario
        self._clock = TestClock.ahead_by(scenario.order.at - now)
        if scenario.billed:
            start = StartAccount(
                customer_id=self._customer,
                policy=scenario.policy,
                suspends=scenario.terms.suspends_after is not None,
                opened_at=scenario.order.at,
                clock=self._clock,
            )
            await self._world.server.accounts.open(start)
        order = scenario.order_for(self._id).model_copy(update={"customer": self._customer})
        await self._subscriptions.buy(order, clock=self._clock, invoiced=False)
        await self._subscriptions.committed(self._id, 1)
        answers = []
        for number, command in enumerate(scenario.commands, start=1):
            assert command.at is not None
            await self._advance_until(command.at)
            answers.append(await self._send(command, number))
            self._progress(f"{command.action}: {answers[-1].outcome}")
        await self._advance_until(scenario.until)
        return await self._report(answers)

    async def _report(self, answers: list[Answer]) -> LifeReport:
        books, until = self._world.books.subscriptions, self._scenario.until
        subscription = (await self._subscriptions.settled(self._id)).subscription
        return LifeReport(
            name=self._scenario.name,
            subscription=subscription,
            answers=tuple(answers),
            events=tuple(await books.events(self._id)),
            rows=tuple(await books.rows(self._id)),
            access=tuple(await books.access(self._id)),
            notifications=tuple(await books.notifications(self._id)),
            timeline=tuple(timeline(subscription, until)),
            invoices=await self._invoices() if self._scenario.billed else None,
        )

    async def _invoices(self) -> tuple[dict[str, Any], ...]:
        books, customer = self._world.books.accounts, self._customer
        invoices, events = await books.documents(customer), await books.events(customer)
        return tuple(scenario_invoices(invoices, events, await books.uninvoiced(customer)))

    async def _send(self, command: Command | AccountRequest, number: int) -> Answer:
        if isinstance(command, AccountRequest):
            answer = await self._world.server.accounts.ask(self._customer, command)
            await self._world.server.accounts.settled(self._customer)
            # The report names the customer of the file.
            named = answer.message.replace(self._customer, self._scenario.order.customer)
            return answer.model_copy(update={"message": named})
        command = command.model_copy(update={"command_id": f"command-{number}"})
        if isinstance(command, ReportUsage):
            return await report_usage(self._world.server, self._world.books, self._id, command)
        if (await self._subscriptions.life(self._id)).ended:
            return await self._subscriptions.preview(self._id, command)
        return await self._subscriptions.ask(self._id, command)

    async def _advance_until(self, to: datetime) -> None:
        if self._scenario.billed:
            clocks, world = {self._id: self._clock}, self._world
            travel = TimeTravel(self._customer, self._clock, clocks, world.server, world.clock, self._progress)
            await travel.live_until(to)
        else:
            await self._advance_alone(to)

    async def _advance_alone(self, to: datetime) -> None:
        """Let every milestone due at or before the instant fire, and settle after each stop.

        The clock runs on in real time after each stop, so a far leap ends some minutes before the instant, and the
        milestones in those minutes are reached one by one.
        """
        life = await self._subscriptions.settled(self._id)
        short = to - options.START_POINT_MARGIN
        milestone = next_milestone(life.subscription)
        if milestone and milestone.at <= short:
            life = await self._advance(short)
        while (milestone := next_milestone(life.subscription)) and milestone.at <= to:
            life = await self._advance(milestone.at)

    async def _advance(self, to: datetime) -> Life:
        handle = self._subscriptions.handle(self._id)
        await self._world.clock.advance(handle, self._clock, to)
        life = await self._subscriptions.settled(self._id, to)
        self._progress(f"{life.subscription.state} at {to:%Y-%m-%d}")
        return life
