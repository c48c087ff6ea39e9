"""`invoice notes`, `invoice note`: credit notes as documents with numbers of their own (MON-10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Annotated

from rich.text import Text
from typer import Argument, BadParameter

from cli.account.account import Customer
from cli.account.page import cell, party, row, whole
from cli.account.sending import AsHtml, AsPdf, send_page
from cli.options import Json
from cli.printing import screen
from cli.printing.screen import amount, day
from cli.printing.tables import Csv, one_format, print_columns, print_csv
from cli.running import use
from domain.faults import shown
from statemachines.account.documents import note_document

if TYPE_CHECKING:
    from activities.accounts.contracts import IssuedNote
    from perennial.account.documents import NoteView

_ID = re.compile(r"[A-Za-z0-9_-]{1,72}-C[0-9]{6,9}")
COLUMNS = ("credit_note", "customer", "issued_at", "currency", "amount", "tax", "invoice", "credit_id", "reason")


def a_note(text: str) -> str:
    """Parse the number of a credit note."""
    if not _ID.fullmatch(text):
        raise BadParameter(f"got {shown(text)}; takes a credit note's number, such as contoso-C000003.")
    return text


def list_notes(customer: Customer, as_json: Json = False, as_csv: Csv = False) -> None:
    """List the credit notes of a customer (MON-10). Their numbers have no gaps within a partner's series.

    Example: invoice notes fabrikam
    """
    one_format(as_json=as_json, as_csv=as_csv)
    found = use(lambda perennial: perennial.billing.documents.credit_notes(customer))
    documents = [note_document(each.note.id, each.customer_id, each.event) for each in found]
    if as_json:
        screen.print_json(documents)
    elif as_csv:
        print_csv(COLUMNS, [[document[name] for name in COLUMNS] for document in documents])
    elif found:
        rows = [
            (
                each.note.id,
                day(each.event.at),
                each.event.currency or "",
                amount(each.event.amount or Decimal(0)),
                amount(each.event.tax),
                each.event.invoice or "none",
                each.event.details or "",
            )
            for each in found
        ]
        headings = ("CREDIT NOTE", "ISSUED", "", "AMOUNT", "TAX IN IT", "INVOICE", "REASON")
        print_columns(screen.console(), headings, rows, right=("AMOUNT", "TAX IN IT"))
    else:
        screen.console().print(f"{customer} has no credit notes.")


def show_note(
    note: Annotated[str, Argument(metavar="NUMBER", parser=a_note, help="As `invoice notes` shows it.")],
    as_json: Json = False,
    as_html: AsHtml = False,
    as_pdf: AsPdf = None,
) -> None:
    """Show a credit note: what it takes back, its tax, and what it settles.

    Example: invoice note northwind-C000003 --html
    """
    one_format(as_json=as_json, as_html=as_html, as_pdf=as_pdf is not None)
    view = use(lambda perennial: perennial.billing.documents.credit_note(note))
    if as_html or as_pdf:
        send_page(note_page(view), as_pdf)
    elif as_json:
        screen.print_json(note_document(view.issued.note.id, view.issued.customer_id, view.issued.event))
    else:
        _print(view)


def _print(view: NoteView) -> None:
    console, issued = screen.console(), view.issued
    title = Text.assemble((f"Credit note {issued.note.id}", "bold"), f"  for {issued.customer_id}")
    console.print(title, soft_wrap=True)
    for label, words in facts_of(view):
        console.print(Text(f"{label.lower():<16}{words}", style="dim"), soft_wrap=True)
    console.print()
    sums = [*sums_of(issued), *uses_of(issued)]
    width, indent = max(len(money) for _, money in sums), max(len(label) for label, _ in sums) + 2
    for label, money in sums:
        console.print(Text(f"{label.lower():<{indent}}{issued.event.currency} {money:>{width}}"), soft_wrap=True)


def note_page(view: NoteView) -> str:
    """The credit note as a page that one can send and print."""
    issued = view.issued
    number, currency = escape(issued.note.id), issued.event.currency
    facts = "\n".join(f"<dt>{name}</dt><dd>{escape(words)}</dd>" for name, words in facts_of(view))
    *parts, total = ([cell(label), cell(f"{currency} {money}", "number")] for label, money in sums_of(issued))
    sums = "".join([*map(row, parts), row(total, "last")])
    uses = "".join(row([cell(label), cell(f"{currency} {money}", "number")]) for label, money in uses_of(issued))
    body = f"""<header><div><h1>Credit note {number}</h1>{party(view.seller)}</div></header>
<div class="facts">
<div>{party(view.buyer)}</div>
<dl>
{facts}
</dl>
</div>
<table class="sums"><tbody>
{sums}
</tbody></table>
<table class="sums"><tbody>
{uses}
</tbody></table>
{"" if issued.event.taxes else '<p class="sums">No tax calculated.</p>'}
<footer>Amounts in {currency}. Dates are days in UTC.</footer>"""
    return whole(f"Credit note {number}", body)


def facts_of(view: NoteView) -> Iterator[tuple[str, str]]:
    """When it was issued, what it corrects and why."""
    event = view.issued.event
    yield "Issued", day(event.at)
    if event.invoice:
        of = f" of {day(view.corrects.issued_at)}" if view.corrects else ""
        yield "Corrects", f"invoice {event.invoice}{of}"
    yield "Reason", event.details or ""
    if view.buyer.reference:
        yield "Your reference", view.buyer.reference


def sums_of(issued: IssuedNote) -> Iterator[tuple[str, str]]:
    """What it credits before tax, its tax, and both together."""
    event = issued.event
    for each in event.taxes:
        words = each.treatment.words if each.treatment else "No tax calculated"
        yield f"Before tax ({words[0].lower()}{words[1:]})", amount(each.net)
        if each.tax:
            yield words, amount(each.tax)
    yield "Credited", amount(event.amount or Decimal(0))


def uses_of(issued: IssuedNote) -> Iterator[tuple[str, str]]:
    """What became of it."""
    event = issued.event
    for part in event.allocations:
        yield f"Taken off invoice {part.invoice}", amount(part.amount)
    if event.credited:
        yield "Credit for the next invoice", amount(event.credited)
