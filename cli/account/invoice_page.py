"""An invoice as a page that one can send and print: HTML in one file, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from typing import TYPE_CHECKING

from cli.account.invoice_sheet import movements, signed_amount, sums_of, taxes_of
from cli.printing.screen import amount, day, quantity
from domain.account.invoice import Invoice, InvoiceState
from domain.account.lines import InvoiceLine
from domain.money import PRICE_DECIMALS, shown_price
from domain.subscription.ledger import Kind
from domain.taxes.treatment import TaxCategory
from statemachines.account.standing import Standing

if TYPE_CHECKING:
    from domain.calendar import Period
    from perennial.account.billing import InvoiceView
    from perennial.account.parties import Party

NOTES = {
    TaxCategory.REVERSE_CHARGE: "Reverse charge: the buyer accounts for the tax.",
    TaxCategory.EXEMPT: "The buyer is exempt from tax.",
    None: "No tax is calculated where no rate is known.",
}

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; color: #1c2430; margin: 0; }
main { max-width: 54rem; margin: 3rem auto; padding: 0 1.5rem; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 2rem; }
header { border-bottom: 2px solid #1c2430; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
p { margin: .2rem 0; } .lines { white-space: pre-line; }
.state { text-transform: uppercase; letter-spacing: .06em; font-size: .8rem; font-weight: 600; }
.overdue { color: #a3261f; } .paid, .carried { color: #1d6b3c; }
.facts { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: flex-start; }
.facts { gap: 1rem 3rem; margin: 1.5rem 0; }
dl { display: grid; grid-template-columns: max-content auto; gap: .1rem 1rem; margin: 0; }
dt { color: #5b6675; } dd { margin: 0; }
table { width: 100%; border-collapse: collapse; margin: 1rem 0; }
th { text-align: left; font-weight: 600; border-bottom: 1px solid #1c2430; overflow-wrap: normal; }
td { border-bottom: 1px solid #dde2e8; vertical-align: top; }
th, td { padding: .4rem 1rem .4rem 0; } th:last-child, td:last-child { padding-right: 0; }
.date, .number { white-space: nowrap; overflow-wrap: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.sums { width: 22rem; max-width: 100%; margin-left: auto; } .sums td { border: 0; padding: .15rem 1rem .15rem 0; }
.sums td:last-child { padding-right: 0; }
.sums tr.last td { font-weight: 700; border-top: 2px solid #1c2430; padding-top: .4rem; }
.small { color: #5b6675; font-size: .85em; }
footer { color: #5b6675; margin-top: 2rem; font-size: .85em; }
@page { size: A4; margin: 18mm; }
@media print { body { font-size: 12px; } main { margin: 0; max-width: none; padding: 0; } tr { break-inside: avoid; } }
@media screen and (max-width: 40rem) {
  main { margin: 1rem auto; padding: 0 1rem; }
  .wide thead { display: none; }
  .wide tr { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; }
  .wide tr { border-bottom: 1px solid #dde2e8; padding: .4rem 0; }
  .wide td { border: 0; padding: 0; } .wide .what { grid-column: 1 / -1; font-weight: 600; }
  .wide .quantity::before { content: "Quantity "; color: #5b6675; } .wide .quantity { text-align: left; }
  .wide .price::before { content: "each "; color: #5b6675; } .wide .price:empty::before { content: ""; }
  .wide .tax::before { content: "tax "; color: #5b6675; } .wide .tax { text-align: left; }
  .wide .amount { grid-column: 2; } .wide .of { text-align: right; }
}
""".strip()


def page(view: InvoiceView) -> str:
    """The whole page."""
    head, standing = view.document.head, view.standing
    state, number = standing.state.value, escape(head.invoice)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Invoice {number}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header><div><h1>Invoice {number}</h1>{_party(view.seller)}</div><p class="state {state}">{state}</p></header>
<div class="facts">
<div>{_party(view.buyer)}</div>
<dl>
{_facts(view)}
</dl>
</div>
<table class="wide">
<thead><tr><th>What</th><th>For the time</th><th>Subscription</th><th class="number">Quantity</th>
<th class="number">Unit price</th>{'<th class="number">Tax</th>' if head.tax else ""}
<th class="number">{head.currency}</th></tr></thead>
<tbody>
{_lines(view)}
</tbody>
</table>
<table class="sums"><tbody>
{_sums(view.document, standing)}
</tbody></table>
{_tax_notes(view)}
{_moved(standing)}
{_how_to_pay(view)}
<footer>Amounts in {head.currency}. Dates are days in UTC, the last one included.</footer>
</main>
</body>
</html>
"""


def days_of(period: Period) -> str:
    """A period as people read it: its first day and its last one, which the next period does not have."""
    last = max(period.start, period.end - timedelta(days=1))
    return f"{day(period.start)} to {day(last)}"


def _party(party: Party) -> str:
    lines = [party.name, *party.address, *([f"Tax id {party.tax_id}"] if party.tax_id else [])]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _facts(view: InvoiceView) -> str:
    head = view.document.head
    facts = [("Issued", day(head.issued_at))]
    if view.standing.state is not InvoiceState.CARRIED:
        facts.append(("Due", day(head.due_at)))
    if head.period:
        facts.append(("Period", days_of(head.period)))
    if head.taken_over:
        facts.append(("Taken over as", head.taken_over))
    if view.buyer.reference:
        facts.append(("Your reference", view.buyer.reference))
    return "\n".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts)


def _lines(view: InvoiceView) -> str:
    return "\n".join(
        _row(
            [
                f'<td class="what">{_what(view, line)}</td>',
                _cell(days_of(line.row.period), "date"),
                _cell(line.subscription_id, "of"),
                _cell(quantity(line.row.quantity), "number quantity"),
                _cell(_unit_price(line), "number price"),
                *([_cell(taxes_of(line), "number tax")] if line.taxes else []),
                _cell(signed_amount(line), "number amount"),
            ]
        )
        for line in view.document.lines
    )


def _what(view: InvoiceView, line: InvoiceLine) -> str:
    """The product's name; a credit says so, from when it is, and which charges it takes back."""
    name = escape(view.products.get(line.row.line, line.row.line))
    if line.row.kind is Kind.CHARGE:
        return name
    taken = view.takes_back.get((line.subscription_id, line.row.key), ())
    charges = ", ".join(f"{day(each.at)} on {escape(each.invoice)}" for each in taken)
    of = f'<div class="small">of the charge of {charges}</div>' if taken else ""
    return f"Credit of {day(line.row.at)}: {name}{of}"


def _unit_price(line: InvoiceLine) -> str:
    """What one unit comes to for the line's period; none where a line has no quantity."""
    row = line.row
    if not row.quantity:
        return ""
    price = (row.amount / row.quantity).quantize(Decimal(1).scaleb(-PRICE_DECIMALS), ROUND_HALF_UP)
    return amount(shown_price(price, row.currency))


def _tax_notes(view: InvoiceView) -> str:
    """What the law wants said of a tax that is not charged."""
    tax = view.document.head.tax
    if tax is None:
        return '<p class="sums">No tax calculated.</p>'
    kinds = {part.treatment.category if part.treatment else None for part in tax.parts}
    notes = [words for kind, words in NOTES.items() if kind in kinds]
    return "\n".join(f'<p class="sums">{words}</p>' for words in notes)


def _sums(invoice: Invoice, standing: Standing) -> str:
    sums = [
        [_cell(label.capitalize()), _cell(f"{invoice.head.currency} {money}", "number")]
        for label, money in sums_of(invoice, standing)
    ]
    return "\n".join([*map(_row, sums[:-1]), _row(sums[-1], "last")])


def _moved(standing: Standing) -> str:
    """What was paid, credited and taken back since, in the order of time."""
    rows = [
        _row([_cell(day(at), "date"), _cell(words[0].upper() + words[1:]), _cell(amount(moved), "number amount")])
        for at, words, moved in movements(standing)
    ]
    if not rows:
        return ""
    head = '<tr><th>Date</th><th>Paid or credited</th><th class="number">Amount</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _how_to_pay(view: InvoiceView) -> str:
    head = view.document.head
    owed = view.standing.owed(head.totals.due)
    if not owed:
        return ""
    words = f"Please pay {head.currency} {amount(owed)} by {day(head.due_at)}."
    how = f'<p class="lines">{escape(view.seller.how_to_pay)}</p>' if view.seller.how_to_pay else ""
    return f"<h2>Payment</h2><p>{words}</p>{how}"


def _row(cells: Iterable[str], kind: str = "") -> str:
    return f'<tr class="{kind}">{"".join(cells)}</tr>' if kind else f"<tr>{''.join(cells)}</tr>"


def _cell(text: str, kind: str = "") -> str:
    return f'<td class="{kind}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"
