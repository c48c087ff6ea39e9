"""What the pages of documents share: their look, who is named, and the parts of tables."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perennial.account.parties import Party

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
.days { overflow-wrap: normal; min-width: 7.2em; }
.tax { white-space: normal; } .wide .what { min-width: 9rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.sums { width: 22rem; max-width: 100%; margin-left: auto; } .sums td { border: 0; padding: .15rem 1rem .15rem 0; }
.sums td:last-child { padding-right: 0; }
.sums tr.last td { font-weight: 700; border-top: 2px solid #1c2430; padding-top: .4rem; }
.small { color: #5b6675; font-size: .85em; font-weight: 400; }
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
  .wide .tax::before { content: "tax "; color: #5b6675; } .wide .tax { text-align: left; } .wide .what { min-width: 0; }
  .wide .balance { grid-column: 2; } .wide .balance::before { content: "balance "; color: #5b6675; }
  .wide .amount { grid-column: 2; } .wide .of { text-align: right; }
}
""".strip()


def whole(title: str, body: str) -> str:
    """The whole page: HTML in one file, nothing loaded from elsewhere."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def party(who: Party) -> str:
    """Name, address and tax id, a line each."""
    lines = [who.name, *who.address, *([f"Tax id {who.tax_id}"] if who.tax_id else [])]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def row(cells: Iterable[str], kind: str = "") -> str:
    """A row of a table."""
    return f'<tr class="{kind}">{"".join(cells)}</tr>' if kind else f"<tr>{''.join(cells)}</tr>"


def cell(text: str, kind: str = "") -> str:
    """A cell with that text."""
    return f'<td class="{kind}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"
