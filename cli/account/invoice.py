"""`invoice list`, `invoice show`, `invoice pay`, `invoice fail`: a customer's monthly documents (MON-5, MON-6)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

from typer import Argument, BadParameter, Option

from cli.account.asking import AccountAsking, Paying, built
from cli.options import Json, exact_decimal, positive_number, some_id, with_options
from cli.printing.tables import Csv
from domain.account.invoice import InvoiceState
from domain.faults import shown

if TYPE_CHECKING:
    from domain.subscription.decision import Answer
    from perennial.account.billing import Billing

_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


def an_invoice(text: str) -> str:
    """A parser of invoice numbers."""
    if not _ID.fullmatch(text):
        raise BadParameter(f"got {shown(text)}; takes an invoice's number, such as contoso-000007.")
    return text


InvoiceId = Annotated[str, Argument(metavar="INVOICE", parser=an_invoice, help="As `invoice list` shows it.")]
CLOSED = tuple(state for state in InvoiceState if state is not InvoiceState.OPEN)
"""What an invoice that has a number can be: the open one is the running month."""


def a_closed_state(text: str) -> InvoiceState:
    """A parser of the states that a list can have."""
    if text not in CLOSED:
        raise BadParameter(f"got {shown(text)}; takes one of {', '.join(CLOSED)}.")
    return InvoiceState(text)


def list_invoices(
    customer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this customer.")] = None,
    state: Annotated[
        InvoiceState | None,
        Option(parser=a_closed_state, metavar="STATE", help=f"Only those {', '.join(CLOSED)}."),
    ] = None,
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most so many.")] = 50,
    after: Annotated[
        str | None, Option(parser=an_invoice, metavar="INVOICE", help="Those after this one.", show_default=False)
    ] = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List invoices in the order of their numbers, which have no gaps within a partner's series (MON-5)."""
    from cli.printing.screen import amount, console, day, print_json
    from cli.printing.tables import one_format, print_columns, print_csv
    from cli.running import use
    from statemachines.account.documents import head_document

    one_format(as_json=as_json, as_csv=as_csv)

    found = use(lambda perennial: perennial.billing.invoices(customer, state, limit, after))
    documents = [head_document(each.head, each.standing) for each in found]
    if as_json:
        print_json(documents)
        return
    if as_csv:
        print_csv(COLUMNS, [[_flat(document, name) for name in COLUMNS] for document in documents])
        return
    screen = console()
    if not found:
        screen.print("No invoices: the first one is written when a customer's month ends.")
        return
    rows = [
        (
            each.head.invoice,
            each.head.customer_id,
            each.standing.state.value,
            day(each.head.issued_at),
            day(each.head.due_at),
            each.head.currency,
            amount(each.head.totals.due),
            amount(each.head.totals.due - each.standing.paid),
        )
        for each in found
    ]
    headings = ("INVOICE", "CUSTOMER", "STATE", "ISSUED", "DUE", "", "TO PAY", "OWED")
    print_columns(screen, headings, rows, right=("TO PAY", "OWED"))
    if len(found) == limit:
        screen.print(f"There may be more: --after {found[-1].head.invoice}", soft_wrap=True)


COLUMNS = (
    *("invoice", "customer", "state", "currency", "period_start", "period_end", "issued_at", "due_at"),
    *("charges", "credits", "total", "carried_in", "due", "carried_out", "paid", "owed"),
)


def _flat(document: dict[str, Any], name: str) -> object:
    if name.startswith("period_"):
        return document["period"][name.removeprefix("period_")]
    return document[name]


def show(
    invoice: InvoiceId,
    as_json: Json = False,
    as_csv: Csv = False,
    as_html: Annotated[bool, Option("--html", help="Print a page that can be sent and printed.")] = False,
) -> None:
    """Show an invoice: its lines, what they come to, and what was paid of it."""
    from cli.account.invoice_page import page
    from cli.account.invoice_sheet import print_invoice
    from cli.printing.screen import console, print_json
    from cli.printing.tables import one_format, print_csv
    from cli.running import use
    from statemachines.account.documents import invoice_document

    one_format(as_json=as_json, as_csv=as_csv, as_html=as_html)
    view = use(lambda perennial: perennial.billing.invoice(invoice))
    document, standing = view.document, view.standing
    if as_html:
        import sys

        sys.stdout.write(page(document, standing, (view.seller, view.buyer)))
    elif as_json:
        print_json(invoice_document(document, standing))
    elif as_csv:
        lines = invoice_document(document, standing)["lines"]
        headings = ("subscription", "at", "kind", "line", "quantity", "amount", "currency", "start", "end", "key")
        print_csv(headings, [[line.get(name, line["period"].get(name)) for name in headings] for line in lines])
    else:
        print_invoice(console(), document, standing)


@with_options
def pay(
    invoice: InvoiceId,
    paying: Paying,
    amount: Annotated[
        Decimal | None,
        Option(parser=exact_decimal, metavar="AMOUNT", help="How much has come in.", show_default="all that is owed"),
    ] = None,
    currency: Annotated[
        str | None, Option(metavar="CODE", help="Of the payment.", show_default="the invoice's")
    ] = None,
) -> None:
    """Record a payment of an invoice (MON-6).

    What is more than is owed becomes credit for the next invoice. Once nothing is owed that led to a suspension,
    exactly the holds for nonpayment that it placed are lifted (SUS-9).
    """
    from cli.printing import answer as answers
    from cli.running import use
    from domain.account.requests import ReceivePayment

    async def ask(billing: Billing) -> Answer:
        view = await billing.invoice(invoice)
        head = view.document.head
        request = built(
            ReceivePayment,
            paying,
            payment_id=paying.payment_id or uuid4().hex,
            currency=currency or head.currency,
            amount=amount if amount is not None else view.to_pay(paying.payment_id),
            invoice=invoice,
        )
        return await billing.send(head.customer_id, request, wait=not paying.no_wait)

    answers.report(use(lambda perennial: ask(perennial.billing), paying.address), as_json=paying.as_json)


@with_options
def fail(
    invoice: InvoiceId,
    asking: AccountAsking,
    payment_id: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="The payment's own.", show_default=False)
    ] = None,
    reason: Annotated[str | None, Option(metavar="TEXT", help="Why, for the record.", show_default=False)] = None,
) -> None:
    """Note that a payment of an invoice was tried and failed (MON-6). Its dates stay as they are."""
    from cli.printing import answer as answers
    from cli.running import use
    from domain.account.requests import FailPayment

    request = built(FailPayment, asking, payment_id=payment_id, invoice=invoice, reason=reason)

    async def ask(billing: Billing) -> Answer:
        view = await billing.invoice(invoice)
        return await billing.send(view.document.head.customer_id, request)

    answers.report(use(lambda perennial: ask(perennial.billing), asking.address), as_json=asking.as_json)
