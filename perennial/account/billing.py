"""A customer's billing account: pay, note failed payments, change terms, open, look (MON-5, MON-6)."""

from dataclasses import dataclass

from activities.accounts.balances import Balance, Entry
from activities.accounts.contracts import ListedInvoice
from domain.account.invoice import InvoiceState
from domain.account.recalled import Recalled
from domain.account.requests import AccountRequest, ReceivePayment
from domain.ordering.eligibility import UnpaidHold
from domain.policy import DEFAULT_PACK, PACKS
from domain.subscription.decision import Answer
from perennial.account.documents import Documents
from perennial.sources.sources import Sources
from statemachines.account.life import AccountLife, AccountSteps
from statemachines.account.payments import may_have_forgotten, payment_in, payment_of, remembering
from statemachines.account.recalling import recalled
from statemachines.account.standing import ReservedRefund, refunds_to_pay
from statemachines.subscription.not_now import NotNow
from workflows.account.messages import AccountDetails, StartAccount
from workflows.calls.errors import NotAnswered


@dataclass(frozen=True)
class AccountView:
    """An account, with the subscriptions that it holds for nonpayment, once per invoice, and the refunds to pay out."""

    details: AccountDetails
    held: tuple[UnpaidHold, ...]
    refunds: tuple[ReservedRefund, ...]


class Billing:
    """A refusal by a rule is an answer. What is sent to the account raises CallError and ServerUnreachable.

    What is read from the books raises NotInBooks, BooksUnavailable and SchemaMismatch.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self.documents = Documents(sources)

    async def send(self, customer_id: str, request: AccountRequest, *, wait: bool = True) -> Answer:
        """Send a payment, a failed payment or a change of terms; with `wait`, it is in the books when this returns.

        A payment sent again under its `payment_id` counts once.
        """
        return await (await self._sources.server()).accounts.ask(customer_id, request, wait=wait)

    async def preview(self, customer_id: str, request: AccountRequest) -> Answer:
        """The answer that the request would get now; nothing is changed.

        It is decided here on the account's state, as its workflow would. Raises NotAnswered while the books are asked.
        """
        accounts = (await self._sources.server()).accounts
        details, life = await accounts.details(customer_id), await accounts.life(customer_id)
        if isinstance(request, ReceivePayment) and may_have_forgotten(life.account, payment_of(request)):
            events = await (await self._sources.books()).accounts.events(customer_id)
            if found := payment_in(events, request.payment_id):
                life = life.model_copy(update={"account": remembering(life.account, found)})
        if life.lacks(request):
            life = life.model_copy(update={"recalled": await self._recalled(customer_id, life, request)})
        steps, at = AccountSteps(), request.at or details.now
        try:
            steps.check(life, request, details.now, test_clock=details.clock is not None)
            _, answer = steps.accept(life, request, at)
        except NotNow as not_now:
            raise NotAnswered(str(not_now)) from None
        return answer

    async def _recalled(self, customer_id: str, life: AccountLife, request: AccountRequest) -> Recalled:
        """What the books have of what a correction names, as the account asks them for it (MON-10)."""
        accounts = (await self._sources.books()).accounts
        heads = {each.head.invoice: each.head for each in await accounts.documents(customer_id)}
        return recalled(request, life.account.terms, heads, await accounts.events(customer_id))

    async def show(self, customer_id: str) -> AccountView:
        """The account now: unpaid invoices, what is held for them, credit, and what comes next if nobody pays."""
        details = await (await self._sources.server()).accounts.details(customer_id)
        books = await self._sources.books()
        refunds = refunds_to_pay(await books.accounts.events(customer_id))
        return AccountView(details=details, held=await books.holdings.held(customer_id), refunds=refunds)

    async def open(self, customer_id: str, *, suspends: bool = True) -> bool:
        """Open the account of a customer who bought before there were accounts; False where it is open already.

        It begins with the customer's first order. `suspends` says whether nonpayment leads to suspension.
        """
        books = await self._sources.books()
        await books.require_purchase(customer_id)
        first = await books.subscriptions.first_of(customer_id)
        start = StartAccount(
            customer_id=customer_id,
            policy=first.policy if first.policy in PACKS else DEFAULT_PACK,
            suspends=suspends,
            opened_at=first.ordered_at,
        )
        return await (await self._sources.server()).accounts.open(start)

    async def invoices(
        self, customer_id: str | None, state: InvoiceState | None, limit: int, after: str | None
    ) -> list[ListedInvoice]:
        """One page of invoices in the order of their numbers."""
        return await (await self._sources.books()).accounts.invoices(customer_id, state, limit, after)

    async def balances(self, customer_id: str) -> list[Balance]:
        """What the customer owes and has as credit, in each currency."""
        books = await self._sources.books()
        await books.require_purchase(customer_id)
        return await books.accounts.balances(customer_id)

    async def entries(self, customer_id: str) -> list[Entry]:
        """Every entry of the customer's double entry, in the order of its instants."""
        books = await self._sources.books()
        await books.require_purchase(customer_id)
        return await books.accounts.entries(customer_id)
