"""An invoice as a page that one can send and print: HTML in one file, nothing loaded from elsewhere."""

from collections.abc import Iterable
from html import escape

from cli.account.invoice_sheet import signed_amount, sums_of, what
from cli.printing.screen import amount, day, quantity, span, zone
from domain.account.invoice import Invoice, InvoiceState
from statemachines.account.standing import Standing

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1c2430; margin: 0; }
main { max-width: 54rem; margin: 3rem auto; padding: 0 1.5rem; }
header { display: flex; justify-content: space-between; gap: 2rem; border-bottom: 2px solid #1c2430; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; }
.state { text-transform: uppercase; letter-spacing: .06em; font-size: .8rem; font-weight: 600; }
.overdue { color: #a3261f; } .paid, .carried { color: #1d6b3c; }
dl { display: grid; grid-template-columns: max-content auto; gap: .1rem 1rem; margin: 1.5rem 0; }
dt { color: #5b6675; } dd { margin: 0; }
table { width: 100%; border-collapse: collapse; margin: 1.5rem 0; }
th { text-align: left; font-weight: 600; border-bottom: 1px solid #1c2430; padding: .4rem .6rem .4rem 0; }
td { border-bottom: 1px solid #dde2e8; padding: .4rem .6rem .4rem 0; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; padding-right: 0; white-space: nowrap; }
.sums { width: 20rem; margin-left: auto; } .sums td { border: 0; padding: .15rem 0; }
.sums tr.last td { font-weight: 700; border-top: 2px solid #1c2430; padding-top: .4rem; }
footer { color: #5b6675; margin-top: 2rem; font-size: .85rem; }
@page { size: A4; margin: 18mm; } @media print { main { margin: 0; max-width: none; padding: 0; } }
""".strip()


def page(invoice: Invoice, standing: Standing, names: tuple[str, str]) -> str:
    """The whole page. `names` are who sells and who buys."""
    head = invoice.head
    seller, buyer = (escape(name) for name in names)
    state = standing.state.value
    number = escape(head.invoice)
    period = f"<dt>Period</dt><dd>{span(head.period)} ({zone()})</dd>" if head.period else ""
    if head.taken_over:
        period = f"<dt>Taken over as</dt><dd>{escape(head.taken_over)}</dd>"
    due = "" if standing.state is InvoiceState.CARRIED else f"<dt>Due</dt><dd>{day(head.due_at)}</dd>"
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
<header><div><h1>Invoice {number}</h1><p>{seller}</p></div><p class="state {state}">{state}</p></header>
<dl>
<dt>For</dt><dd>{buyer}</dd>
{period}
<dt>Issued</dt><dd>{day(head.issued_at)}</dd>
{due}
</dl>
<table>
<thead><tr><th>Date</th><th>What</th><th>Subscription</th><th>For the time</th><th class="number">Quantity</th>
<th class="number">{head.currency}</th></tr></thead>
<tbody>
{_lines(invoice)}
</tbody>
</table>
<table class="sums"><tbody>
{_sums(invoice, standing)}
</tbody></table>
{_payments(standing)}
<footer>Amounts in {head.currency}. Periods end before the day shown as their end.</footer>
</main>
</body>
</html>
"""


def _lines(invoice: Invoice) -> str:
    rows = []
    for line in invoice.lines:
        texts = (day(line.row.at), what(line), line.subscription_id, span(line.row.period))
        numbers = (quantity(line.row.quantity), signed_amount(line))
        rows.append(_row([*map(_cell, texts), *map(_number, numbers)]))
    return "\n".join(rows)


def _sums(invoice: Invoice, standing: Standing) -> str:
    sums = [
        [_cell(label.capitalize()), _number(f"{invoice.head.currency} {money}")]
        for label, money in sums_of(invoice, standing)
    ]
    return "\n".join([*map(_row, sums[:-1]), _row(sums[-1], "last")])


def _row(cells: Iterable[str], kind: str = "") -> str:
    return f'<tr class="{kind}">{"".join(cells)}</tr>'


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _number(text: str) -> str:
    return f'<td class="number">{escape(text)}</td>'


def _payments(standing: Standing) -> str:
    paid = [(credit.at, f"credit of {credit.invoice}", credit.amount) for credit in standing.credits]
    paid += [(payment.at, payment.payment_id, payment.amount) for payment in standing.payments]
    if not paid:
        return ""
    rows = "\n".join(_row([_cell(day(at)), _cell(by), _number(amount(part))]) for at, by, part in sorted(paid))
    head = '<tr><th>Paid</th><th>Payment</th><th class="number">Amount</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
