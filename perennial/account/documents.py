"""The documents of a customer's account as people send and keep them: invoices, credit notes, statements."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from activities.accounts.contracts import IssuedNote
from domain.account.invoice import Invoice, InvoiceHead
from domain.next_step import PerennialError
from domain.subscription.ledger import Kind, LedgerRow, charges_taken_back
from perennial.account.parties import Party, buyer_of, seller_of
from perennial.sources.sources import Sources
from statemachines.account.standing import Standing
from statemachines.account.statement import StatementLine, statement_lines


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
class StatementView:
    """What passed between a customer and its seller until that instant."""

    at: datetime
    lines: tuple[StatementLine, ...]
    seller: Party
    buyer: Party


class Documents:
    """Reads documents from the books. Raises NotInBooks, BooksUnavailable and SchemaMismatch."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

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

    async def statement(self, customer_id: str) -> StatementView:
        """Invoices, payments and corrections, with the balance after each."""
        books = await self._sources.books()
        await books.require_purchase(customer_id)
        customer = await books.catalog.customer(customer_id)
        series = customer.partner if customer else customer_id
        documents = await books.accounts.documents(customer_id)
        lines = statement_lines(
            await books.accounts.events(customer_id),
            {each.head.invoice: each.head for each in documents},
            {each.note.seq: each.note.id for each in await books.accounts.credit_notes(customer_id)},
        )
        return StatementView(
            at=self._sources.now(),
            lines=tuple(lines),
            seller=seller_of(await books.catalog.partner(series), series),
            buyer=buyer_of(customer, customer_id),
        )
