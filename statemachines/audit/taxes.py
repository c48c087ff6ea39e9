"""Checks of tax: the sums and rounding of documents, and that credits have the rates of their charges (MON-13)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from domain.account.events import AccountEventName
from domain.account.invoice import Invoice
from domain.account.lines import InvoiceLine
from domain.account.taxing import TaxPart
from domain.money import EXPONENTS
from domain.subscription.ledger import Kind
from domain.taxes.sale import TaxRounding
from domain.taxes.treatment import Treatment
from statemachines.audit.recorded_account import Found, RecordedAccount


def taxes_match_the_lines(account: RecordedAccount) -> Iterator[Found]:
    """Each line is taxed whole, and each rate's tax is that of its lines, rounded where the seller rounds."""
    for invoice in account.invoices:
        if invoice.head.tax is None:
            taxed = tuple(line for line in invoice.lines if line.taxes)
            if taxed:
                yield f"{invoice.head.invoice} has no tax, some of its lines do", taxed
            continue
        partly = tuple(line for line in invoice.lines if _net(line) != line.row.amount)
        if partly:
            yield f"some lines of {invoice.head.invoice} are not taxed as a whole", partly
        if words := _wrong_part(invoice):
            yield f"{invoice.head.invoice}: {words}", invoice.lines
    yield from _notes(account)


def _net(line: InvoiceLine) -> Decimal:
    return sum((share.net for share in line.taxes), Decimal(0))


def _wrong_part(invoice: Invoice) -> str | None:
    """What is wrong with the sums of a treatment."""
    assert invoice.head.tax is not None
    nets: dict[Treatment | None, dict[Kind, list[Decimal]]] = defaultdict(lambda: {kind: [] for kind in Kind})
    for line in invoice.lines:
        for share in line.taxes:
            nets[share.treatment][line.row.kind].append(share.net)
    parts = {part.treatment: part for part in invoice.head.tax.parts}
    if nets.keys() != parts.keys():
        return "its rates are not those of its lines"
    by_line = invoice.head.tax.rounding is TaxRounding.LINE
    for treatment, part in parts.items():
        its = nets[treatment]
        if (sum(its[Kind.CHARGE]), sum(its[Kind.CREDIT])) != (part.charged, part.credited):
            return f"the net of {_named(treatment)} is not that of its lines"
        rate = Fraction(treatment.rate) if treatment else Fraction(0)
        pairs = _rounded_parts(part, its, by_line=by_line)
        if any(not _is_near(tax, rate * Fraction(net), invoice.head.currency, times) for tax, net, times in pairs):
            return f"the tax of {_named(treatment)} is not that of its lines"
    return None


def _rounded_parts(
    part: TaxPart, nets: dict[Kind, list[Decimal]], *, by_line: bool
) -> tuple[tuple[Decimal, Decimal, int], ...]:
    """Each tax that was rounded, its net, and how often it was rounded."""
    if by_line:
        charged = part.tax_charged, part.charged, len(nets[Kind.CHARGE])
        return charged, (part.tax_credited, part.credited, len(nets[Kind.CREDIT]))
    return (part.tax, part.net, 1), (part.tax_credited, part.credited, 1)


def _is_near(tax: Decimal, exact: Fraction, currency: str, times: int) -> bool:
    """Whether it is at most so many halves of a minor unit away."""
    off: Fraction = 2 * abs(Fraction(tax) - exact) * 10 ** EXPONENTS[currency]
    return off <= times


def _named(treatment: Treatment | None) -> str:
    return treatment.words if treatment else "what is not taxed"


def _notes(account: RecordedAccount) -> Iterator[Found]:
    """Credit notes take back their own amount, and no more tax than their invoice has."""
    left = {invoice.head.invoice: invoice.head.totals.tax for invoice in account.invoices}
    for event in account.events:
        if event.event is not AccountEventName.CREDIT_NOTE_ISSUED or event.invoice not in left:
            continue
        left[event.invoice] -= event.tax
        if event.taxes and sum((each.gross for each in event.taxes), Decimal(0)) != event.amount:
            yield f"the tax of account event {event.seq} does not add up to its amount", ()
        elif event.taxes and left[event.invoice] < 0:
            yield f"credit notes take back more tax than {event.invoice} has", ()


def credits_are_taxed_as_charged(account: RecordedAccount) -> Iterator[Found]:
    """Of each subscription and line no rate is credited more than it was charged.

    Where more is credited than charged here, another system has charged it (MOV-3).
    """
    lines: dict[tuple[str, str], list[InvoiceLine]] = defaultdict(list)
    for invoice in account.invoices:
        if invoice.head.tax is not None:
            for line in invoice.lines:
                lines[line.subscription_id, line.row.line].append(line)
    for its in lines.values():
        charged, credited = _by_treatment(its, Kind.CHARGE), _by_treatment(its, Kind.CREDIT)
        if sum(credited.values()) > sum(charged.values()):
            continue
        over = [each for each, net in credited.items() if each is not None and net > charged.get(each, Decimal(0))]
        if over:
            wrong = tuple(line for line in its if line.row.kind is Kind.CREDIT)
            yield f"more is credited at {over[0].words} than was charged", wrong


def _by_treatment(lines: Iterable[InvoiceLine], kind: Kind) -> dict[Treatment | None, Decimal]:
    sums: dict[Treatment | None, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.row.kind is kind:
            for share in line.taxes:
                sums[share.treatment] += share.net
    return sums
