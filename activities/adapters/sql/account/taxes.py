"""The tax of invoices in SQL: the table of rates, and what is known of a sale (MON-13)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from activities.adapters.sql.account.lines import ON_INVOICE, line_of, uninvoiced
from activities.adapters.sql.database import Database
from activities.adapters.sql.ledger.rows import row_of
from activities.adapters.sql.tables.account import invoice_line
from activities.adapters.sql.tables.catalog import customer, partner, tax_rate
from activities.adapters.sql.tables.subscription import ledger_entry
from activities.errors import BooksUnavailable
from domain.account.events import CloseReceipt
from domain.account.lines import InvoiceLine, taxing
from domain.account.taxing import Taxed, Taxing, supply_of
from domain.subscription.ledger import Kind
from domain.taxes.sale import Sale, Supply, TaxCase, Treatments
from domain.taxes.table import TaxTable


class SqlTaxes:
    """The port `Taxes` by the table of rates that `catalog import` writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def treatments(self, case: TaxCase) -> Treatments | None:
        return await self._database.read(treatments_of, case)


def treatments_of(connection: Connection, case: TaxCase) -> Treatments | None:
    """By the rates of the buyer's country; None while the table has none at all."""
    of_country = select(tax_rate.c.record).where(tax_rate.c.country == case.sale.buyer.country)
    found = tuple(connection.scalars(of_country))
    if not found and connection.scalar(select(func.count()).select_from(tax_rate)) == 0:
        return None
    return TaxTable.model_construct(tax_rates=found).treatments(case)


def case_of(connection: Connection, customer_id: str, before: datetime) -> TaxCase | None:
    """What the customer's uninvoiced rows before the instant supply, to whom and by whom; None without its record."""
    parties = select(customer.c.record, partner.c.record).join(partner).where(customer.c.id == customer_id)
    found = connection.execute(parties).one_or_none()
    if found is None:
        return None
    buyer, seller = found
    sale = Sale(buyer=buyer.buyer, seller=seller.country, rounding=seller.tax_rounding)
    return TaxCase(sale=sale, supplies=_supplies(connection, customer_id, before))


def _supplies(connection: Connection, customer_id: str, before: datetime) -> tuple[Supply, ...]:
    rows = connection.execute(uninvoiced(customer_id).where(ledger_entry.c.at < before)).mappings()
    return tuple({supply_of(row_of(each)): None for each in rows})


def taxed_before(connection: Connection, customer_id: str, receipt: CloseReceipt) -> Taxed | None:
    """How a month was taxed that other books have closed: to the same buyer, by the rates of these books."""
    tax = next((head.tax for head in receipt.invoices if head.tax), None)
    if tax is None:
        return None
    known = case_of(connection, customer_id, receipt.period.end)
    sale = Sale(buyer=tax.buyer, seller=known.sale.seller if known else None, rounding=tax.rounding)
    case = TaxCase(sale=sale, supplies=_supplies(connection, customer_id, receipt.period.end))
    treatments = treatments_of(connection, case)
    return None if treatments is None else Taxed(sale, treatments)


def taxing_of(connection: Connection, lines: Sequence[InvoiceLine], taxed: Taxed | None) -> Taxing | None:
    """How each of the lines is taxed, a credit as the charges that it takes back; None if no tax is calculated.

    Raises BooksUnavailable for a line whose supply is not `taxed`.
    """
    if taxed is None:
        return None
    crediting = {line.subscription_id for line in lines if line.row.kind is Kind.CREDIT}
    try:
        return taxing(lines, _invoiced(connection, crediting) if crediting else (), taxed)
    except KeyError:
        raise BooksUnavailable("Charges came while the invoices were made. Try again.") from None


def _invoiced(connection: Connection, subscription_ids: Collection[str]) -> list[InvoiceLine]:
    """The lines of these subscriptions that are on an invoice, in the order of their events."""
    wanted = (
        select(ledger_entry, invoice_line.c.taxes)
        .join(invoice_line, ON_INVOICE)
        .where(ledger_entry.c.subscription_id.in_(subscription_ids))
        .order_by(ledger_entry.c.subscription_id, ledger_entry.c.seq, ledger_entry.c.position)
    )
    return [line_of(found) for found in connection.execute(wanted).mappings()]
