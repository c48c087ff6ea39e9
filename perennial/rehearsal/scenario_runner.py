"""Run a scenario on a real server: buy with test clocks, and move them by the server's time skipping."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol
from zlib import crc32

from domain.account.invoice import invoice_id
from domain.account.openings import taken_over_id
from domain.account.own_terms import OwnTerms
from domain.account.requests import AccountRequest, IssueCreditNote, TakeOverInvoices, WriteOff
from domain.catalog.catalog import Contents
from domain.catalog.customers import Customer, Partner, Segment
from domain.subscription.commands import Command, ReportUsage
from domain.subscription.decision import Answer
from domain.taxes.table import TaxTable
from perennial.rehearsal.time_skipping import ServerClock
from perennial.rehearsal.time_travel import TimeTravel
from perennial.sources.books import Books
from perennial.sources.server import Server
from perennial.subscription.usage import report_usage
from statemachines.simulation.document import LifeReport, ScenarioReport, scenario_invoices
from statemachines.simulation.scenario import SIMULATED, Scenario
from statemachines.subscription.life import Life
from statemachines.subscription.timeline import next_milestone, timeline
from workflows.account.messages import StartAccount
from workflows.durable import options
from workflows.durable.clock import TestClock

LONGEST_NAME, LONGEST_RUN, LONGEST_ID = 55, 61, 64
"""The ids of a customer and of a run are cut to these lengths, so that the suffix fits an id."""


class Surroundings(Protocol):
    """Where a scenario runs: a server with a worker, and the books."""

    @property
    def server(self) -> Server: ...
    @property
    def books(self) -> Books: ...
    @property
    def clock(self) -> ServerClock: ...


def customer_of_run(scenario: Scenario, run_id: str) -> str:
    """The customer of the run: each billed scenario gets its own, because billing accounts are per customer."""
    if not scenario.billed:
        return scenario.customer
    return f"{scenario.customer[:LONGEST_NAME]}-{crc32(run_id.encode()):08x}"


def ids_of_run(scenario: Scenario, run_id: str) -> dict[str, str]:
    """The ids of the subscriptions by name. They have the order of the names, which counts at one instant."""
    if not scenario.several:
        return {SIMULATED: run_id}
    numbered = enumerate(sorted(scenario.subscriptions), start=1)
    return {name: f"{run_id[:LONGEST_RUN]}-{number:02}-{name}"[:LONGEST_ID] for number, name in numbered}


class ScenarioRun:
    """Runs one scenario on the server. `progress` is called with each command and milestone.

    A single subscription has the id of the run; several have it in front of their names.
    """

    def __init__(
        self,
        scenario: Scenario,
        run_id: str,
        world: Surroundings,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._scenario = scenario
        self._ids = ids_of_run(scenario, run_id)
        self._customer = customer_of_run(scenario, run_id)
        self._taken_over: list[str] = []
        self._world = world
        self._subscriptions = world.server.subscriptions
        self._progress = progress
        self._account_clock = TestClock()
        self._clocks: dict[str, TestClock] = {}

    async def run(self, now: datetime) -> ScenarioReport:
        """Run the whole scenario, and report what happened. `now` is the time on the server's clock."""
        scenario, loop = self._scenario, asyncio.get_running_loop()
        began = loop.time()
        if scenario.tax_table:
            await self._list_taxes(now, scenario.tax_table)
        if scenario.billed:
            await self._open_account(now)
        answers: list[Answer] = []
        for step in scenario.steps:
            if step.at > scenario.opened_at:
                await self._advance_until(step.at)
            if step.command is None:
                assert step.of is not None
                await self._buy(step.of, now + timedelta(seconds=loop.time() - began))
                continue
            answers.append(await self._send(step.command, step.of, len(answers) + 1))
            self._progress(f"{step.command.action}: {answers[-1].outcome}")
        await self._advance_until(scenario.until)
        return await self._report(answers)

    async def _open_account(self, now: datetime) -> None:
        scenario = self._scenario
        # It starts early: the clock runs on while the first orders are placed, and the month may end right after them.
        self._account_clock = TestClock.ahead_by(scenario.opened_at - options.START_POINT_MARGIN - now)
        start = StartAccount(
            customer_id=self._customer,
            policy=scenario.policy,
            suspends=scenario.terms.suspends_after is not None,
            terms=OwnTerms.of(scenario.terms),
            opened_at=scenario.opened_at,
            clock=self._account_clock,
        )
        await self._world.server.accounts.open(start)

    async def _list_taxes(self, now: datetime, table: TaxTable) -> None:
        """Have the catalog know the rates and the customer, whose seller has its name: so has its series."""
        scenario, buyer = self._scenario, self._scenario.buyer
        assert buyer is not None
        record = Customer(
            id=self._customer,
            name=scenario.customer,
            partner=self._customer,
            segment=Segment.COMMERCIAL,
            account_opened=scenario.opened_at,
            **buyer.model_dump(),
        )
        seller = Partner(id=self._customer, name=scenario.customer)
        contents = Contents(partners=(seller,), customers=(record,), tax_rates=table.tax_rates)
        await self._world.books.catalog.import_contents(contents, scenario.name, now)

    async def _buy(self, of: str, now: datetime) -> None:
        """Buy with a clock of its own: the workflow begins at the server's `now`, whatever was skipped before."""
        subscription_id = self._ids[of]
        order = self._scenario.order_for(subscription_id, of).model_copy(update={"customer": self._customer})
        clock = self._clocks[subscription_id] = TestClock.ahead_by(order.at - now)
        await self._subscriptions.buy(order, clock=clock, invoiced=False)
        await self._subscriptions.committed(subscription_id, 1)

    async def _report(self, answers: list[Answer]) -> ScenarioReport:
        scenario = self._scenario
        return ScenarioReport(
            name=scenario.name,
            several=scenario.several,
            lives={name: await self._life_report(name) for name in scenario.subscriptions},
            of=scenario.of,
            answers=tuple(answers),
            invoices=tuple(await self._invoices()) if scenario.billed else None,
        )

    async def _life_report(self, name: str) -> LifeReport:
        books, subscription_id = self._world.books.subscriptions, self._ids[name]
        subscription = (await self._subscriptions.settled(subscription_id)).subscription
        return LifeReport(
            name=name,
            subscription=subscription,
            answers=(),
            events=tuple(await books.events(subscription_id)),
            rows=tuple(await books.rows(subscription_id)),
            access=tuple(await books.access(subscription_id)),
            notifications=tuple(await books.notifications(subscription_id)),
            timeline=tuple(timeline(subscription, self._scenario.until)),
        )

    async def _invoices(self) -> list[dict[str, Any]]:
        books, customer = self._world.books.accounts, self._customer
        invoices, events = await books.documents(customer), await books.events(customer)
        names = {each: name for name, each in self._ids.items()} if self._scenario.several else None
        return scenario_invoices(invoices, events, await books.uninvoiced(customer), names)

    async def _send(self, command: Command | AccountRequest, of: str | None, number: int) -> Answer:
        if isinstance(command, AccountRequest):
            return await self._request(command)
        assert of is not None
        subscription_id = self._ids[of]
        command = command.model_copy(update={"command_id": f"command-{number}"})
        if isinstance(command, ReportUsage):
            return await report_usage(self._world.server, self._world.books, subscription_id, command)
        if (await self._subscriptions.life(subscription_id)).ended:
            return await self._subscriptions.preview(subscription_id, command)
        return await self._subscriptions.ask(subscription_id, command)

    async def _request(self, request: AccountRequest) -> Answer:
        """Ask the account. The answer names the customer and the subscriptions of the file."""
        if isinstance(request, IssueCreditNote | WriteOff) and request.invoice:
            series, number = request.invoice.rsplit("-", 1)
            assert series == self._scenario.customer
            request = request.model_copy(update={"invoice": invoice_id(self._customer, int(number))})
        answer = await self._world.server.accounts.ask(self._customer, request)
        await self._world.server.accounts.settled(self._customer)
        if isinstance(request, TakeOverInvoices):
            self._taken_over += [invoice.number for invoice in request.invoices]
        message = answer.message.replace(self._customer, self._scenario.customer)
        for number in self._taken_over:
            here, there = (taken_over_id(each, number) for each in (self._customer, self._scenario.customer))
            message = message.replace(here, there)
        for name, subscription_id in self._ids.items():
            message = message.replace(subscription_id, name)
        return answer.model_copy(update={"message": message})

    async def _advance_until(self, to: datetime) -> None:
        if self._scenario.billed:
            clock, clocks, world = self._account_clock, self._clocks, self._world
            travel = TimeTravel(self._customer, clock, clocks, world.server, world.clock, self._progress)
            await travel.live_until(to)
        else:
            (subscription_id,) = self._ids.values()
            await self._advance_alone(subscription_id, to)

    async def _advance_alone(self, subscription_id: str, to: datetime) -> None:
        """Let every milestone due at or before the instant fire, and settle after each stop.

        The clock runs on in real time after each stop, so a far leap ends some minutes before the instant, and the
        milestones in those minutes are reached one by one.
        """
        life = await self._subscriptions.settled(subscription_id)
        short = to - options.START_POINT_MARGIN
        milestone = next_milestone(life.subscription)
        if milestone and milestone.at <= short:
            life = await self._advance(subscription_id, short)
        while (milestone := next_milestone(life.subscription)) and milestone.at <= to:
            life = await self._advance(subscription_id, milestone.at)

    async def _advance(self, subscription_id: str, to: datetime) -> Life:
        handle = self._subscriptions.handle(subscription_id)
        await self._world.clock.advance(handle, self._clocks[subscription_id], to)
        life = await self._subscriptions.settled(subscription_id, to)
        self._progress(f"{life.subscription.state} at {to:%Y-%m-%d}")
        return life
