"""An account that is lived over the books in SQL, as its workflow does."""

from datetime import datetime, timedelta

from activities.accounts.contracts import AccountRecordInput, AskedCorrection, CloseInput, LookInput
from activities.adapters.sql.database import Database
from domain.account.account import Look
from domain.account.events import AccountEffect, AccountRecord, Close
from domain.account.requests import AnyAccountRequest
from domain.account.terms import terms_of
from domain.subscription.decision import Answer
from statemachines.account.life import AccountSteps
from tests.support.books.account import JANUARY, AccountsInSql, Customer

STEPS = AccountSteps()


class LivedAccount:
    """Effects are performed when it is told to; holds are only noted."""

    def __init__(self, database: Database) -> None:
        self.books = AccountsInSql(database)
        self.customer = Customer(self.books)
        self.life = STEPS.begin(self.customer.id, terms_of("csp-2019"), JANUARY.start)
        self.holds: list[AccountEffect] = []

    async def perform_first(self) -> None:
        effect, customer_id = self.life.effects[0], self.customer.id
        match effect:
            case Close():
                receipt = await self.books.close(CloseInput(customer_id=customer_id, close=effect, test_clock=True))
                self.life = STEPS.closed(self.life, receipt)
                return
            case Look():
                seen = await self.books.look(LookInput(customer_id=customer_id, look=effect))
                self.life = STEPS.looked(self.life, seen)
                return
            case AccountRecord():
                await self.books.record(AccountRecordInput(customer_id=customer_id, record=effect, test_clock=True))
            case _:
                self.holds.append(effect)
        self.life = self.life.first_effect_done()

    async def perform(self) -> None:
        while self.life.effects:
            await self.perform_first()

    async def advance(self, to: datetime) -> None:
        await self.perform()
        while (further := STEPS.step(self.life, to)) is not None:
            self.life = further
            await self.perform()

    async def ask(self, request: AnyAccountRequest, at: datetime) -> Answer:
        """Ask the books what a correction names, decide the request, and record it."""
        await self.advance(at)
        if self.life.lacks(request):
            asked = AskedCorrection(customer_id=self.customer.id, request=request)
            self.life = self.life.model_copy(update={"recalled": await self.books.recalled(asked)})
        self.life, answer = STEPS.accept(self.life, request, at)
        await self.advance(at)
        return answer

    @property
    def now(self) -> datetime:
        return self.life.account.last_at + timedelta(hours=1)
