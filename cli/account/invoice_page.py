"""An invoice as a page that one can send and print: HTML in one file, nothing loaded from elsewhere."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from typing import TYPE_CHECKING

from cli.account.invoice_sheet import movements, signed_amount, sums_of, taxes_of
from cli.account.page import cell, party, row, whole
from cli.printing.screen import amount, day, quantity
from domain.account.invoice import Invoice, InvoiceState
from domain.account.lines import InvoiceLine
from domain.money import PRICE_DECIMALS, shown_price
from domain.subscription.ledger import Kind
from domain.taxes.treatment import TaxCategory
from statemachines.account.standing import Standing

if TYPE_CHECKING:
    from domain.calendar import Period
    from perennial.account.documents import InvoiceView

NOTES = {
    TaxCategory.REVERSE_CHARGE: "Reverse charge: the buyer accounts for the tax.",
    TaxCategory.EXEMPT: "The buyer is exempt from tax.",
    None: "No tax is calculated where no rate is known.",
}


def page(view: InvoiceView) -> str:
    """The whole page."""
    head, standing = view.document.head, view.standing
    state, number = standing.state.value, escape(head.invoice)
    body = f"""<header><div><h1>Invoice {number}</h1>{party(view.seller)}</div>
<p class="state {state}">{state}</p></header>
<div class="facts">
<div>{party(view.buyer)}</div>
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
{_moved(view)}
{_how_to_pay(view)}
<footer>Amounts in {head.currency}. Dates are days in UTC, the last one included.</footer>"""
    return whole(f"Invoice {number}", body)


def days_of(period: Period) -> str:
    """A period as people read it: its first day and its last one, which the next period does not have."""
    last = max(period.start, period.end - timedelta(days=1))
    return f"{day(period.start)} to {day(last)}"


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
        row(
            [
                f'<td class="what">{_what(view, line)}</td>',
                cell(days_of(line.row.period), "days"),
                cell(line.subscription_id, "of"),
                cell(quantity(line.row.quantity), "number quantity"),
                cell(_unit_price(line), "number price"),
                *([cell(taxes_of(line).replace(" %", "\N{NO-BREAK SPACE}%"), "number tax")] if line.taxes else []),
                cell(signed_amount(line), "number amount"),
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
        [cell(label.capitalize()), cell(f"{invoice.head.currency} {money}", "number")]
        for label, money in sums_of(invoice, standing)
    ]
    return "\n".join([*map(row, sums[:-1]), row(sums[-1], "last")])


def _moved(view: InvoiceView) -> str:
    """What was paid, credited and taken back since, in the order of time."""
    rows = [
        row([cell(day(at), "date"), cell(words[0].upper() + words[1:]), cell(amount(moved), "number amount")])
        for at, words, moved in movements(view.standing, view.notes)
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
