"""An invoice as a person reads it in a terminal."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from cli.printing.screen import amount, counted, day, quantity, second, span, zone
from cli.printing.tables import print_columns
from domain.account.invoice import Invoice, InvoiceHead
from domain.account.lines import InvoiceLine
from domain.account.taxing import TaxPart
from domain.subscription.ledger import Kind
from statemachines.account.standing import CreditTaken, Standing

LABEL = 22


def print_invoice(screen: Console, invoice: Invoice, standing: Standing, notes: Mapping[str, str]) -> None:
    """Its head, its lines, what they come to, and what was paid."""
    head = invoice.head
    title = Text.assemble((f"Invoice {head.invoice}", "bold"), f"  {standing.state}  for {head.customer_id}")
    screen.print(title, soft_wrap=True)
    begins = span(head.period) if head.period else f"taken over, invoice {head.taken_over} of another system"
    dates = f"{begins}, issued {day(head.issued_at)}, due {day(head.due_at)} ({zone()})"
    screen.print(Text(dates, style="dim"), soft_wrap=True)
    screen.print()
    taxed = ("TAX",) if head.tax else ()
    headings = (f"WHEN ({zone()})", "SUBSCRIPTION", "WHAT", "QUANTITY", "PERIOD", *taxed, head.currency)
    rows = [
        (
            second(line.row.at),
            line.subscription_id,
            what(line),
            quantity(line.row.quantity),
            span(line.row.period),
            *([taxes_of(line)] if head.tax else []),
            signed_amount(line),
        )
        for line in invoice.lines
    ]
    print_columns(screen, headings, rows, right=("QUANTITY", head.currency))
    screen.print()
    sums = list(sums_of(invoice, standing))
    width = max(len(money) for _, money in sums)
    indent = max(LABEL, *(len(label) + 2 for label, _ in sums))
    for label, money in sums:
        screen.print(Text(f"{label:<{indent}}{head.currency} {money:>{width}}"), soft_wrap=True)
    if head.tax is None:
        screen.print(Text("No tax calculated.", style="dim"), soft_wrap=True)
    for line in story_of(head, standing, notes):
        screen.print(Text(line, style="dim"), soft_wrap=True)


def what(line: InvoiceLine) -> str:
    """A charge by its line's name; a credit says so."""
    return f"credit: {line.row.line}" if line.row.kind is Kind.CREDIT else line.row.line


def signed_amount(line: InvoiceLine) -> str:
    """A charge as it is, a credit with its minus."""
    return f"{'-' if line.row.kind is Kind.CREDIT else ''}{amount(line.row.amount)}"


def sums_of(invoice: Invoice, standing: Standing) -> Iterator[tuple[str, str]]:
    """What the lines come to, tax, credit, what is to pay, paid and owed."""
    totals = invoice.head.totals
    if invoice.head.tax:
        yield "total before tax", amount(totals.total)
        for part in invoice.head.tax.parts:
            yield _of_part(part), amount(part.tax)
    yield "total", amount(totals.gross)
    if totals.carried_in:
        yield "credit from before", f"-{amount(totals.carried_in)}"
    if totals.settles:
        yield "paid on earlier ones", amount(totals.settles)
    if totals.carried_out:
        yield "carried over", amount(totals.carried_out)
    yield "to pay", amount(totals.due)
    if standing.paid:
        yield "paid", amount(standing.paid)
    if standing.settled:
        yield "paid by other credit", amount(standing.settled)
    if standing.credited:
        yield "credit notes", amount(standing.credited)
    if standing.written_off:
        yield "written off", amount(standing.written_off)
    if standing.paid or standing.settled or standing.credited or standing.written_off:
        yield "owed", amount(standing.owed(totals.due))


def _of_part(part: TaxPart) -> str:
    """`tax 19 % on 65.00`."""
    if part.treatment is None:
        return f"no tax calculated on {amount(part.net)}"
    words = part.treatment.words
    return f"{words[0].lower()}{words[1:]}{' on' if part.treatment.rate else ','} {amount(part.net)}"


def taxes_of(line: InvoiceLine) -> str:
    """How a line is taxed, in a few characters: `19 %`, or `19 % / 16 %` of a credit of several charges."""
    return " / ".join(share.treatment.short if share.treatment else "none" for share in line.taxes)


def story_of(head: InvoiceHead, standing: Standing, notes: Mapping[str, str]) -> Iterator[str]:
    """Credit, payments, reminders and what followed, a line each."""
    for settlement in head.settles:
        yield f"{second(head.issued_at)}  its credit pays on {settlement.invoice}: {amount(settlement.amount)}"
    for at, words, moved in movements(standing, notes):
        yield f"{second(at)}  {words}: {amount(moved)}"
    if standing.failures:
        yield f"{standing.failures} failed payment{'s' if standing.failures > 1 else ''}"
    if standing.reminders:
        yield counted(standing.reminders, "reminder")
    if standing.suspended_at:
        yield f"{second(standing.suspended_at)}  suspended for nonpayment"


def _origin(credit: CreditTaken, notes: Mapping[str, str]) -> str:
    if credit.credit_note:
        return f"credit note {_number(credit.credit_note, notes)}"
    return credit.invoice or "the account"


def _number(credit_id: str, notes: Mapping[str, str]) -> str:
    return notes.get(credit_id, credit_id)


def movements(standing: Standing, notes: Mapping[str, str]) -> list[tuple[datetime, str, Decimal]]:
    """What was paid, credited and taken back since the invoice was issued, in the order of time.

    `notes` has the numbers of credit notes by their ids.
    """
    found = [(credit.at, f"credit of {_origin(credit, notes)}", credit.amount) for credit in standing.credits]
    found += [(note.at, f"credit note {_number(note.credit_id, notes)}", note.amount) for note in standing.credit_notes]
    for payment in standing.payments:
        found.append((payment.at, f"payment {payment.payment_id}", payment.amount))
        if payment.reversed_at:
            found.append((payment.reversed_at, f"payment {payment.payment_id} taken back", -payment.amount))
    return sorted(found, key=lambda each: each[0])
