"""A customer's billing account: pay, note failed payments, change terms, open, look (MON-5, MON-6)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from activities.accounts.balances import Balance, Entry
from activities.accounts.contracts import IssuedNote, ListedInvoice
from domain.account.invoice import Invoice, InvoiceHead, InvoiceState
from domain.account.recalled import Recalled
from domain.account.requests import AccountRequest, ReceivePayment
from domain.next_step import PerennialError
from domain.ordering.eligibility import UnpaidHold
from domain.policy import DEFAULT_PACK, PACKS
from domain.subscription.decision import Answer
from domain.subscription.ledger import Kind, LedgerRow, charges_taken_back
from perennial.account.parties import Party, buyer_of, seller_of
from perennial.sources.sources import Sources
from statemachines.account.life import AccountLife, AccountSteps
from statemachines.account.payments import may_have_forgotten, payment_in, payment_of, remembering
from statemachines.account.recalling import recalled
from statemachines.account.standing import ReservedRefund, Standing, refunds_to_pay
from statemachines.subscription.not_now import NotNow
from workflows.account.messages import AccountDetails, StartAccount
from workflows.calls.errors import NotAnswered


class NothingOwed(PerennialError):
    """The invoice is paid: a payment of it needs its amount."""


@dataclass(frozen=True)
class ChargeTakenBack:
    """A charge that a credit takes back: when it was, and on which invoice."""

    at: datetime
    invoice: str


@dataclass(frozen=True)
class InvoiceView:
    """An invoice with its payments, who sells and who buys, and the names of what is sold by its id.

    `takes_back` has the charges that each credit takes back, by its subscription and key.
    """

    document: Invoice
    standing: Standing
    seller: Party
    buyer: Party
    products: Mapping[str, str]
    takes_back: Mapping[tuple[str, str], tuple[ChargeTakenBack, ...]] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    """The numbers of the customer's credit notes by their ids."""

    def to_pay(self, payment_id: str | None = None) -> Decimal:
        """What is still owed; once it is paid, what that payment paid, so that it can be sent again.

        Raises NothingOwed where another payment paid the invoice.
        """
        if owed := self.standing.owed(self.document.head.totals.due):
            return owed
        known = next((payment for payment in self.standing.payments if payment.payment_id == payment_id), None)
        if known is None:
            raise NothingOwed(f"Nothing is owed on {self.document.head.invoice}: it is {self.standing.state}.")
        return known.amount


@dataclass(frozen=True)
class NoteView:
    """A credit note, who issued it and to whom, and the invoice that it corrects, if it names one."""

    issued: IssuedNote
    seller: Party
    buyer: Party
    corrects: InvoiceHead | None


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

    async def invoice(self, invoice_id: str) -> InvoiceView:
        """One invoice with its lines and payments."""
        books = await self._sources.books()
        document, standing = await books.invoice(invoice_id)
        customer = await books.catalog.customer(document.head.customer_id)
        series = document.head.series
        if customer and document.head.taken_over is not None:
            series = customer.partner
        partner = await books.catalog.partner(series)
        return InvoiceView(
            document=document,
            standing=standing,
            seller=seller_of(partner, series),
            buyer=buyer_of(customer, document.head.customer_id),
            products=await self._products(document),
            takes_back=await self._taken_back(document),
            notes={
                each.event.correction or "": each.note.id
                for each in await books.accounts.credit_notes(document.head.customer_id)
            },
        )

    async def credit_note(self, note_id: str) -> NoteView:
        """One credit note (MON-10)."""
        books = await self._sources.books()
        issued = await books.credit_note(note_id)
        customer = await books.catalog.customer(issued.customer_id)
        partner = await books.catalog.partner(issued.note.series)
        named = await books.accounts.invoice(issued.event.invoice) if issued.event.invoice else None
        return NoteView(
            issued=issued,
            seller=seller_of(partner, issued.note.series),
            buyer=buyer_of(customer, issued.customer_id),
            corrects=named[0].head if named else None,
        )

    async def credit_notes(self, customer_id: str) -> list[IssuedNote]:
        """Every credit note of the customer, in order."""
        books = await self._sources.books()
        await books.require_purchase(customer_id)
        return await books.accounts.credit_notes(customer_id)

    async def _taken_back(self, document: Invoice) -> dict[tuple[str, str], tuple[ChargeTakenBack, ...]]:
        """The charges that each credit of the invoice takes back."""
        credited = {line.subscription_id for line in document.lines if line.row.kind is Kind.CREDIT}
        if not credited:
            return {}
        rows: dict[str, list[LedgerRow]] = defaultdict(list)
        places: dict[tuple[str, str], str] = {}
        for each in await (await self._sources.books()).accounts.documents(document.head.customer_id):
            for line in each.lines:
                if line.subscription_id in credited:
                    rows[line.subscription_id].append(line.row)
                    places[line.subscription_id, line.row.key] = each.head.invoice
        return {
            (of, key): tuple(ChargeTakenBack(part.charge.at, places[of, part.charge.key]) for part in parts)
            for of, its in rows.items()
            for key, parts in charges_taken_back(sorted(its, key=lambda row: row.at)).items()
        }

    async def _products(self, document: Invoice) -> dict[str, str]:
        """The names of the offers on the invoice, as the catalog has them now. An add-on has no name but its id."""
        catalog = (await self._sources.books()).catalog
        offers = await catalog.offers({line.row.line for line in document.lines})
        return {offer.id: offer.name for offer in offers.values()}

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
