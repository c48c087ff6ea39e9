"""The life in plain Python: the workflow's own loop over the books in memory, a ten-year life in milliseconds."""

from datetime import datetime

from domain.ordering.terms import Order
from domain.subscription.commands import Command, ReportUsage
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import Receipt, Record
from statemachines.preview.book import Book
from statemachines.subscription.life import Life, LifeSteps


class Simulator:
    """One subscription, lived as far as it is told to."""

    def __init__(self, order: Order, living: LifeSteps | None = None) -> None:
        self.book = Book()
        self.answers: list[Answer] = []
        self._living = living or LifeSteps()
        self.life = self._living.begin(order)
        self._perform()

    @classmethod
    def resumed(cls, life: Life, living: LifeSteps | None = None) -> "Simulator":
        """A life taken up where it stands, for what-if: its past is not in the books."""
        simulator = cls.__new__(cls)
        simulator.book, simulator.answers = Book(), []
        simulator._living = living or LifeSteps()
        simulator.life = life.model_copy(update={"effects": ()})
        return simulator

    def advance(self, to: datetime) -> None:
        """Let every milestone due at or before the instant happen, each with its effects."""
        while (life := self._living.step(self.life, to)) is not None:
            self.life = life
            self._perform()

    def ask(self, command: Command, at: datetime) -> Answer:
        """A command accepted at that instant, and the answer once its effects are performed."""
        answer = self.accept(command, at)
        self.answers.append(answer)
        return answer

    def accept(self, command: Command, at: datetime) -> Answer:
        """As `ask`, of one whose answer is nobody's to read: the account's own."""
        self.advance(at)
        self.life, answer = self._living.accept(self.life, command, at)
        if isinstance(command, ReportUsage) and answer.outcome is Outcome.DONE:
            answer = self.book.report_usage(command, answer)
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
            else:
                self.book.provision(effect)
                self.life = self.life.with_access_confirmed()
        return receipts
