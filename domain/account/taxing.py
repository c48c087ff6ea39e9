"""The tax of an invoice: how each line is taxed, and the sums for each rate (MON-13)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from domain.money import from_minor, round_half_up
from domain.subscription.ledger import Kind, LedgerRow, charges_taken_back
from domain.taxes.sale import STANDARD_CLASS, Buyer, Sale, Supply, TaxRounding, Treatments
from domain.taxes.treatment import Treatment
from domain.values import ExactDecimal, Frozen


class TaxShare(Frozen):
    """A part of a line's net amount, and how it is taxed; None: no tax is calculated for it."""

    treatment: Treatment | None
    net: ExactDecimal


Shares = tuple[TaxShare, ...]


class TaxPart(Frozen):
    """What the lines of an invoice charge and credit in one treatment, before tax, and the tax on each."""

    treatment: Treatment | None
    charged: ExactDecimal
    credited: ExactDecimal
    tax_charged: ExactDecimal
    tax_credited: ExactDecimal

    @property
    def net(self) -> Decimal:
        """Negative if more was credited than charged."""
        return self.charged - self.credited

    @property
    def tax(self) -> Decimal:
        return self.tax_charged - self.tax_credited


class InvoiceTax(Frozen):
    """The tax of a closed invoice, with what it depended on."""

    buyer: Buyer
    rounding: TaxRounding
    parts: tuple[TaxPart, ...]

    @property
    def charged(self) -> Decimal:
        return sum((part.tax_charged for part in self.parts), Decimal(0))

    @property
    def credited(self) -> Decimal:
        return sum((part.tax_credited for part in self.parts), Decimal(0))


class TaxedAmount(Frozen):
    """The part of a credit note that takes back what is taxed so, before tax, and that tax."""

    treatment: Treatment | None
    net: ExactDecimal
    tax: ExactDecimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


@dataclass(frozen=True)
class Taxed:
    """A sale, and how each of its supplies is taxed."""

    sale: Sale
    treatments: Treatments


@dataclass(frozen=True)
class Taxing:
    """The sale that is invoiced, and the shares of each row by its subscription and key."""

    sale: Sale
    shares: Mapping[tuple[str, str], Shares]

    def of_lines(self, lines: Sequence[tuple[Kind, Shares]], currency: str) -> InvoiceTax:
        """The tax of these lines of one document."""
        buyer, rounding = self.sale.buyer, self.sale.rounding
        return InvoiceTax(buyer=buyer, rounding=rounding, parts=parts_of(lines, rounding, currency))


def supply_of(row: LedgerRow) -> Supply:
    """What the tax of a row depends on: a charge has the rate of its own date."""
    return Supply(tax_class=row.tax_class or STANDARD_CLASS, on=row.at.date())


def untaxed(row: LedgerRow) -> Shares:
    """The shares of a row on an invoice for which no tax was calculated."""
    return (TaxShare(treatment=None, net=row.amount),)


def shares_of(rows: Sequence[LedgerRow], treatments: Treatments, invoiced: Mapping[str, Shares]) -> dict[str, Shares]:
    """How each row of one subscription is taxed, by its key; the rows are in the order of their events.

    What is `invoiced` keeps its shares. A credit is taxed as the charges that it takes back, and as of its own date
    where it takes back more than there is. Raises KeyError for a supply that has no entry.
    """
    found: dict[str, Shares] = {}
    left: dict[str, list[TaxShare]] = {}
    taken_back = charges_taken_back(rows)
    for row in rows:
        if row.kind is Kind.CHARGE:
            found[row.key] = invoiced.get(row.key) or (TaxShare(treatment=treatments[supply_of(row)], net=row.amount),)
            left[row.key] = list(found[row.key])
            continue
        taken = [share for part in taken_back[row.key] for share in _taken(left[part.charge.key], part.amount)]
        if rest := row.amount - sum((share.net for share in taken), Decimal(0)):
            taken.append(TaxShare(treatment=treatments[supply_of(row)], net=rest))
        found[row.key] = invoiced.get(row.key) or _merged(taken)
    return found


def _taken(left: list[TaxShare], wanted: Decimal) -> Iterator[TaxShare]:
    """Take so much from the shares of a charge that no credit has taken back yet."""
    while left and wanted:
        share = left.pop()
        part = min(share.net, wanted)
        wanted -= part
        if share.net > part:
            left.append(share.model_copy(update={"net": share.net - part}))
        yield share.model_copy(update={"net": part})


def _merged(shares: Iterable[TaxShare]) -> Shares:
    """The shares, those with the same treatment as one."""
    sums: dict[Treatment | None, Decimal] = {}
    for share in shares:
        sums[share.treatment] = sums.get(share.treatment, Decimal(0)) + share.net
    return tuple(TaxShare(treatment=treatment, net=net) for treatment, net in sums.items())


def parts_of(lines: Iterable[tuple[Kind, Shares]], rounding: TaxRounding, currency: str) -> tuple[TaxPart, ...]:
    """The sums for each treatment, the highest rate first, what has no treatment last.

    Tax is rounded half-up once for each treatment, on what is charged less what is credited, or in each line.
    """
    nets: dict[Treatment | None, dict[Kind, list[Decimal]]] = {}
    for kind, shares in lines:
        for share in shares:
            nets.setdefault(share.treatment, {each: [] for each in Kind})[kind].append(share.net)
    return tuple(_part(each, nets[each], rounding, currency) for each in sorted(nets, key=_place))


def _part(
    treatment: Treatment | None, nets: Mapping[Kind, list[Decimal]], rounding: TaxRounding, currency: str
) -> TaxPart:
    nothing = from_minor(0, currency)
    charged, credited = sum(nets[Kind.CHARGE], nothing), sum(nets[Kind.CREDIT], nothing)
    rate = treatment.rate if treatment else Decimal(0)
    if rounding is TaxRounding.LINE:
        by_line = {kind: sum((_tax(rate, net, currency) for net in its), nothing) for kind, its in nets.items()}
        tax_charged, tax_credited = by_line[Kind.CHARGE], by_line[Kind.CREDIT]
    else:
        tax_credited = _tax(rate, credited, currency)
        tax_charged = _tax(rate, charged - credited, currency) + tax_credited
    return TaxPart(
        treatment=treatment,
        charged=charged,
        credited=credited,
        tax_charged=tax_charged,
        tax_credited=tax_credited,
    )


def _tax(rate: Decimal, net: Decimal, currency: str) -> Decimal:
    """Rounded half-up, away from zero if it is negative."""
    rounded = round_half_up(Fraction(rate) * Fraction(abs(net)), currency)
    return rounded if net >= 0 else -rounded


def _place(treatment: Treatment | None) -> tuple[bool, str, Decimal]:
    if treatment is None:
        return True, "", Decimal(0)
    return False, "" if treatment.rate else treatment.category.value, -treatment.rate


def credited_tax(
    tax: InvoiceTax, amount: Decimal, noted: Iterable[TaxedAmount], currency: str
) -> tuple[TaxedAmount, ...]:
    """How a credit note of that amount for an invoice is taxed, after the `noted` of earlier ones (MON-10, MON-13).

    It takes back each part in proportion to what is left of it with its tax, so notes for the whole invoice take back
    exactly its tax. The amount is not more than what is left.
    """
    before = {each.treatment: (each.gross, each.tax) for each in _summed(noted, currency)}
    nothing = from_minor(0, currency)
    taxed = [(part, part.net + part.tax, *before.get(part.treatment, (nothing, nothing))) for part in tax.parts]
    lefts = [max(gross - earlier, nothing) for _, gross, earlier, _ in taxed]
    found, told, passed = [], nothing, Fraction(0)
    for (part, gross, earlier, earlier_tax), left in zip(taxed, lefts, strict=True):
        passed += Fraction(left)
        upto = round_half_up(Fraction(amount) * passed / Fraction(sum(lefts)), currency)
        share, told = upto - told, upto
        if share:
            taken = round_half_up(Fraction(part.tax) * Fraction(earlier + share) / Fraction(gross), currency)
            its_tax = taken - earlier_tax
            found.append(TaxedAmount(treatment=part.treatment, net=share - its_tax, tax=its_tax))
    return tuple(found)


def _summed(noted: Iterable[TaxedAmount], currency: str) -> Iterator[TaxedAmount]:
    nothing = from_minor(0, currency)
    sums: dict[Treatment | None, tuple[Decimal, Decimal]] = {}
    for each in noted:
        net, tax = sums.get(each.treatment, (nothing, nothing))
        sums[each.treatment] = net + each.net, tax + each.tax
    for treatment, (net, tax) in sums.items():
        yield TaxedAmount(treatment=treatment, net=net, tax=tax)
