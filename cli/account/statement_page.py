"""A statement as a page that one can send and print."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cli.account.page import cell, party, row, whole
from cli.printing.screen import amount, day

if TYPE_CHECKING:
    from perennial.account.documents import StatementView


def statement_page(view: StatementView) -> str:
    """The whole page: a line for each document and movement, then what is owed in each currency."""
    lines = "\n".join(
        row(
            [
                cell(f"{line.what} {line.of}", "what"),
                cell(day(line.at), "date"),
                cell(f"{line.currency} {amount(line.amount)}", "number amount"),
                cell(f"{line.currency} {amount(line.balance)}", "number balance"),
            ]
        )
        for line in view.lines
    )
    last = {line.currency: line.balance for line in view.lines}
    sums = "\n".join(
        row([cell("Owed" if balance >= 0 else "Credit"), cell(f"{currency} {amount(abs(balance))}", "number")], "last")
        for currency, balance in sorted(last.items())
    )
    name = escape(view.buyer.name)
    body = f"""<header><div><h1>Statement</h1>{party(view.seller)}</div></header>
<div class="facts">
<div>{party(view.buyer)}</div>
<dl>
<dt>As of</dt><dd>{day(view.at)}</dd>
</dl>
</div>
<table class="wide">
<thead><tr><th>What</th><th>Date</th><th class="number">Amount</th><th class="number">Balance</th></tr></thead>
<tbody>
{lines}
</tbody>
</table>
<table class="sums"><tbody>
{sums}
</tbody></table>
<footer>What is charged and not on an invoice yet is not on this page. Dates are days in UTC.</footer>"""
    return whole(f"Statement of {name}", body)
