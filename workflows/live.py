"""A scenario lived on a real server: bought with a test clock, moved by the server's own time skipping."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from domain.commands import Command, ReportUsage
from domain.decision import Answer, Outcome
from domain.events import Event
from domain.ledger import LedgerRow
from statemachines.book import AccessInterval
from statemachines.document import Notification, Story
from statemachines.life import Life
from statemachines.scenario import Scenario
from statemachines.timeline import next_milestone, timeline
from workflows import options
from workflows.client import Subscriptions
from workflows.messages import TestClock
from workflows.time_skipping import ServerClock


class Archive(Protocol):
    """What has been written of a life, read back."""

    async def events(self, subscription_id: str) -> list[Event]:
        """The journal, in order."""
        ...

    async def rows(self, subscription_id: str) -> list[LedgerRow]:
        """The ledger, in the order in which it was written."""
        ...

    async def access(self, subscription_id: str) -> list[AccessInterval]:
        """When users had access."""
        ...

    async def notifications(self, subscription_id: str) -> list[Notification]:
        """The outbox, in order."""
        ...


class UsageBook(Protocol):
    """Takes usage that the lifecycle accepted."""

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        """Record it once per usage id."""
        ...


class LiveScenario:
    """One life on the server. `progress` is told each command and milestone as it is reached."""

    def __init__(
        self,
        scenario: Scenario,
        subscription_id: str,
        subscriptions: Subscriptions,
        clock: ServerClock,
        archive: Archive,
        usage: UsageBook,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._scenario = scenario
        self._id = subscription_id
        self._subscriptions = subscriptions
        self._server_clock = clock
        self._archive = archive
        self._usage = usage
        self._progress = progress
        self._clock = TestClock()

    async def run(self, now: datetime) -> Story:
        """Buy at `now` on the server's clock, live the whole scenario, and tell what happened."""
        scenario = self._scenario
        self._clock = TestClock.ahead_by(scenario.order.at - now)
        await self._subscriptions.buy(scenario.order_for(self._id), clock=self._clock)
        await self._subscriptions.committed(self._id, 1)
        answers = []
        for number, command in enumerate(scenario.commands, start=1):
            assert command.at is not None
            await self._live_until(command.at)
            answers.append(await self._ask(command.model_copy(update={"command_id": f"command-{number}"})))
            self._progress(f"{command.action}: {answers[-1].outcome}")
        life = await self._live_until(scenario.until)
        return Story(
            name=scenario.name,
            subscription=life.subscription,
            answers=tuple(answers),
            events=tuple(await self._archive.events(self._id)),
            rows=tuple(await self._archive.rows(self._id)),
            access=tuple(await self._archive.access(self._id)),
            notifications=tuple(await self._archive.notifications(self._id)),
            timeline=tuple(timeline(life.subscription, scenario.until)),
        )

    async def _ask(self, command: Command) -> Answer:
        if isinstance(command, ReportUsage):
            return await report_usage(self._subscriptions, self._usage, self._id, command)
        life = await self._subscriptions.life(self._id)
        if life.ended:
            return await self._subscriptions.preview(self._id, command)
        return await self._subscriptions.ask(self._id, command)

    async def _live_until(self, to: datetime) -> Life:
        """Let every milestone due at or before the instant fire, and settle after each stop.

        The clock runs on in real seconds after each stop, so far leaps end some minutes short of the
        instant, and the milestones in those minutes are then reached one by one.
        """
        life = await self._settled()
        short = to - options.START_POINT_MARGIN
        milestone = next_milestone(life.subscription)
        if milestone and milestone.at <= short:
            life = await self._advance(short)
        while (milestone := next_milestone(life.subscription)) and milestone.at <= to:
            life = await self._advance(milestone.at)
        return life

    async def _advance(self, to: datetime) -> Life:
        handle = self._subscriptions.handle(self._id)
        await self._server_clock.advance(handle, self._clock, to)
        life = await self._settled(to)
        self._progress(f"{life.subscription.state} at {to:%Y-%m-%d}")
        return life

    async def _settled(self, to: datetime | None = None) -> Life:
        """Wait until everything due by then has happened and its effects are performed."""
        return await self._subscriptions.settled(self._id, to)


async def report_usage(
    subscriptions: Subscriptions, usage: UsageBook, subscription_id: str, command: ReportUsage
) -> Answer:
    """Ask the lifecycle whether the usage may be recorded, then record it: it never enters a history."""
    answer = await subscriptions.preview(subscription_id, command)
    if answer.outcome is not Outcome.DONE:
        return answer
    return await usage.report_usage(subscription_id, command, answer)
