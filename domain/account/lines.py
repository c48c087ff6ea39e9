"""Ledger rows as the lines of invoices, and how each is taxed (MON-5, MON-13)."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from domain.account.taxing import InvoiceTax, Shares, Taxed, Taxing, shares_of, untaxed
from domain.money import from_minor
from domain.subscription.ledger import Kind, LedgerRow
from domain.values import Frozen, OmitEmpty


class InvoiceLine(Frozen):
    """A ledger row of a subscription, as a line of an invoice; `taxes` says how its parts are taxed (MON-13)."""

    subscription_id: str
    row: LedgerRow
    taxes: OmitEmpty[Shares] = ()


def in_order(lines: Iterable[InvoiceLine]) -> tuple[InvoiceLine, ...]:
    """The lines as an invoice orders them: by instant, then by subscription, then as they were written."""
    return tuple(sorted(lines, key=lambda line: (line.row.at, line.subscription_id)))


def net_credits(lines: Iterable[InvoiceLine], taxing: Taxing | None = None) -> dict[str, Decimal]:
    """By how much the credits of lines exceed their charges, with their tax, in each currency in which they do."""
    by_currency: dict[str, list[InvoiceLine]] = defaultdict(list)
    for line in lines:
        by_currency[line.row.currency].append(line)
    nets = {}
    for currency, its_lines in by_currency.items():
        _, tax = taxed_lines(its_lines, currency, taxing)
        sums = (line.row.amount if line.row.kind is Kind.CREDIT else -line.row.amount for line in its_lines)
        nets[currency] = sum(sums, from_minor(0, currency)) + (tax.credited - tax.charged if tax else 0)
    return {currency: net for currency, net in nets.items() if net > 0}


def taxing(lines: Iterable[InvoiceLine], invoiced: Iterable[InvoiceLine], taxed: Taxed) -> Taxing:
    """How each of the lines is taxed (MON-13).

    `invoiced` are the earlier lines of the subscriptions that are credited; both are in the order of their events.
    Raises KeyError for a line whose supply is not `taxed`.
    """
    rows: dict[str, list[LedgerRow]] = defaultdict(list)
    known: dict[str, dict[str, Shares]] = defaultdict(dict)
    for line in invoiced:
        rows[line.subscription_id].append(line.row)
        known[line.subscription_id][line.row.key] = line.taxes or untaxed(line.row)
    for line in lines:
        rows[line.subscription_id].append(line.row)
    shares = {
        (subscription_id, key): found
        for subscription_id, its in rows.items()
        for key, found in shares_of(its, taxed.treatments, known[subscription_id]).items()
    }
    return Taxing(taxed.sale, shares)


def taxed_lines(
    lines: list[InvoiceLine], currency: str, taxing: Taxing | None
) -> tuple[list[InvoiceLine], InvoiceTax | None]:
    """The lines of one currency, each with how it is taxed, and their tax; none where no rate is known for any."""
    if taxing is None:
        return lines, None
    shares = [taxing.shares[line.subscription_id, line.row.key] for line in lines]
    if all(share.treatment is None for each in shares for share in each):
        return lines, None
    tax = taxing.of_lines([(line.row.kind, its) for line, its in zip(lines, shares, strict=True)], currency)
    return [line.model_copy(update={"taxes": its}) for line, its in zip(lines, shares, strict=True)], tax
