"""Lives a scenario as the simulator does, over any books: what the workflow does, without Temporal."""

from datetime import datetime

from activities.billing.contracts import About, CountInput, KeepInput, RecordInput
from activities.provisioning.contracts import ProvisionInput
from domain.ordering.terms import Order
from domain.subscription.commands import Command, ReportUsage
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import CountUsage, Keep, Provision, Receipt, Record
from statemachines.simulation.document import LifeReport
from statemachines.simulation.scenario import Scenario
from statemachines.subscription.life import LifeSteps
from statemachines.subscription.timeline import timeline
from tests.support.books.subscription import BooksUnderTest

# Its machine is costly to make and is made for reuse.
LIVING = LifeSteps()


class Player:
    """One life. `recorded` are the decisions in the order in which they were written, with their receipts."""

    def __init__(self, books: BooksUnderTest, order: Order) -> None:
        self.books = books
        self.life = LIVING.begin(order)
        self.about = About.of(self.life.subscription)
        self.answers: list[Answer] = []
        self.recorded: list[tuple[RecordInput, Receipt]] = []

    @property
    def id(self) -> str:
        return self.about.subscription_id

    async def perform(self) -> list[Receipt]:
        before = len(self.recorded)
        while self.life.effects:
            await self.perform_first()
        return [receipt for _, receipt in self.recorded[before:]]

    async def perform_first(self) -> None:
        """Perform the first of the waiting effects."""
        effect = self.life.effects[0]
        if isinstance(effect, Record):
            entry = self.entry(effect)
            receipt = await self.books.record(entry)
            self.recorded.append((entry, receipt))
            self.life = self.life.acknowledged(receipt)
            return
        if isinstance(effect, CountUsage):
            found = await self.books.count_usage(CountInput(subscription_id=self.id, count=effect))
            self.life = self.life.counted(found)
            return
        if isinstance(effect, Keep):
            await self.keep(effect)
        elif isinstance(effect, Provision):
            await self.books.provision(self.change(effect))
        self.life = self.life.with_effect_performed()

    async def keep(self, effect: Keep) -> None:
        await self.books.keep(KeepInput(subscription_id=self.id, seq=effect.seq, changed=effect.changed))

    async def advance(self, to: datetime) -> None:
        await self.perform()
        while (life := LIVING.step(self.life, to)) is not None:
            self.life = life
            await self.perform()

    async def ask(self, command: Command, at: datetime) -> Answer:
        await self.advance(at)
        self.life, answer = LIVING.accept(self.life, command, at)
        if isinstance(command, ReportUsage) and answer.outcome is Outcome.DONE:
            answer = await self.books.report_usage(self.id, command, answer)
            if answer.outcome is Outcome.DONE:
                self.life = LIVING.recount(self.life, at)
        receipts = await self.perform()
        if answer.metered and receipts:
            answer = receipts[-1].complete(answer)
        self.answers.append(answer)
        return answer

    async def story(self, name: str, now: datetime) -> LifeReport:
        return LifeReport(
            name=name,
            subscription=self.life.subscription,
            answers=tuple(self.answers),
            events=tuple(await self.books.events(self.id)),
            rows=tuple(await self.books.rows(self.id)),
            access=tuple(await self.books.access(self.id)),
            notifications=tuple(await self.books.notifications(self.id)),
            timeline=tuple(timeline(self.life.subscription, now)),
        )

    def entry(self, record: Record) -> RecordInput:
        return RecordInput.under(self.about, record, test_clock=True)

    def change(self, provision: Provision) -> ProvisionInput:
        return ProvisionInput(
            subscription_id=self.id,
            customer_id=self.about.customer_id,
            offer_id=self.about.offer.id,
            provision=provision,
        )


async def play(scenario: Scenario, books: BooksUnderTest, subscription_id: str) -> tuple[Player, LifeReport]:
    """The whole scenario."""
    player = Player(books, scenario.order_for(subscription_id))
    await player.perform()
    for command in scenario.commands:
        assert command.at is not None
        assert isinstance(command, Command)
        await player.ask(command, command.at)
    await player.advance(scenario.until)
    return player, await player.story(scenario.name, scenario.until)
