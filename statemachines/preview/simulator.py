"""Simulates one subscription: the workflow's loop in plain Python over books in memory, ten years in milliseconds."""

from collections.abc import Iterable
from datetime import datetime

from domain.ordering.terms import Order
from domain.subscription.commands import Command, ReportUsage
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import CountUsage, Provision, Receipt, Record
from domain.subscription.usage import Usage
from statemachines.preview.book import Book
from statemachines.subscription.life import Life, LifeSteps


class Simulator:
    """One subscription, simulated up to the instants that it is given."""

    def __init__(self, order: Order, steps: LifeSteps | None = None) -> None:
        self.book = Book()
        self.answers: list[Answer] = []
        self._steps = steps or LifeSteps()
        self.life = self._steps.begin(order)
        self._perform()

    @classmethod
    def resumed(cls, life: Life, steps: LifeSteps | None = None, usage: Iterable[Usage] | None = None) -> "Simulator":
        """Continue a running life, for `what_if`; the books hold what follows, and the usage that is not billed yet.

        Without `usage` from other books that is what the life itself knows: nothing, unless it is suspended or ended.
        """
        simulator = cls.__new__(cls)
        simulator.book, simulator.answers = Book(), []
        subscription = life.subscription
        if usage is None:
            usage = subscription.unbilled.usage if subscription.unbilled else ()
        simulator.book.keep_unbilled(usage)
        simulator._steps = steps or LifeSteps()
        simulator.life = life.model_copy(update={"effects": ()})
        if subscription.unbilled is None:
            # The count that was under way is done here.
            simulator.life = simulator.life.counting(subscription.last_at)
            simulator._perform()
        return simulator

    def advance(self, to: datetime) -> None:
        """Process every milestone due at or before the instant, with its effects."""
        while (life := self._steps.step(self.life, to)) is not None:
            self.life = life
            self._perform()

    def ask(self, command: Command, at: datetime) -> Answer:
        """Process a command at that instant, with its effects, and keep its answer in `answers`."""
        answer = self.accept(command, at)
        self.answers.append(answer)
        return answer

    def accept(self, command: Command, at: datetime) -> Answer:
        """Like `ask`, without keeping the answer: for commands that the customer's account sends."""
        self.advance(at)
        self.life, answer = self._steps.accept(self.life, command, at)
        if isinstance(command, ReportUsage) and answer.outcome is Outcome.DONE:
            answer = self.book.report_usage(command, answer)
            if answer.outcome is Outcome.DONE:
                self.life = self._steps.recount(self.life, at)
        receipts = self._perform()
        if answer.metered and receipts:
            answer = receipts[-1].complete(answer)
        return answer

    def _perform(self) -> list[Receipt]:
        receipts: list[Receipt] = []
        while self.life.effects:
            effect = self.life.effects[0]
            if isinstance(effect, Record):
                receipt = self.book.record(effect)
                receipts.append(receipt)
                self.life = self.life.acknowledged(receipt)
                continue
            if isinstance(effect, CountUsage):
                self.life = self.life.counted(self.book.count_usage(effect))
                continue
            if isinstance(effect, Provision):
                self.book.provision(effect)
            self.life = self.life.with_effect_performed()
        return receipts
