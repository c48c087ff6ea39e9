"""`invoice list`, `invoice show`, `invoice pay`, `invoice fail`: a customer's monthly documents (MON-5, MON-6)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, BadParameter, Option

from activities.random_ids import random_id
from cli.account.asking import AsService, Paying
from cli.account.invoice_page import page
from cli.account.invoice_sheet import print_invoice
from cli.account.sending import AsHtml, AsPdf, send_page
from cli.options import Json, exact_decimal, one_of, positive_number, request_of, some_id, with_options
from cli.printing import answer as answers
from cli.printing import screen
from cli.printing.tables import Csv, one_format, print_columns, print_csv
from cli.running import use
from cli.sent import Sent
from domain.account.invoice import InvoiceState
from domain.account.requests import FailPayment, ReceivePayment
from domain.faults import shown
from domain.subscription.decision import Answer
from statemachines.account.documents import head_document, invoice_document

if TYPE_CHECKING:
    from activities.accounts.contracts import ListedInvoice
    from perennial.account.billing import Billing

_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


def an_invoice(text: str) -> str:
    """Parse the number of an invoice."""
    if not _ID.fullmatch(text):
        raise BadParameter(f"got {shown(text)}; takes an invoice's number, such as contoso-000007.")
    return text


InvoiceId = Annotated[str, Argument(metavar="INVOICE", parser=an_invoice, help="As `invoice list` shows it.")]
CLOSED = tuple(state for state in InvoiceState if state is not InvoiceState.OPEN)
"""The states of an invoice that has a number: the open one is of the current month."""
COLUMNS = (
    *("invoice", "customer", "state", "currency", "period_start", "period_end", "issued_at", "due_at"),
    *("charges", "credits", "total", "carried_in", "due", "carried_out", "paid", "settled", "owed", "taken_over"),
)
LINE_COLUMNS = ("subscription", "at", "kind", "line", "quantity", "amount", "currency", "start", "end", "key")


def list_invoices(
    customer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this customer.")] = None,
    state: Annotated[
        InvoiceState | None, Option(parser=one_of(CLOSED), metavar="STATE", help=f"In this state: {', '.join(CLOSED)}.")
    ] = None,
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most this many.")] = 50,
    after: Annotated[
        str | None, Option(parser=an_invoice, metavar="INVOICE", help="Continue after this one.", show_default=False)
    ] = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List invoices in the order of their numbers, which have no gaps within a partner's series (MON-5).

    Example: invoice list --customer fabrikam --state overdue
    """
    one_format(as_json=as_json, as_csv=as_csv)
    found = use(lambda perennial: perennial.billing.invoices(customer, state, limit, after))
    documents = [head_document(each.head, each.standing) for each in found]
    if as_json:
        screen.print_json(documents)
    elif as_csv:
        print_csv(COLUMNS, [[_flat(document, name) for name in COLUMNS] for document in documents])
    elif found:
        _print_list(found)
        if len(found) == limit:
            screen.console().print(f"There may be more: --after {found[-1].head.invoice}", soft_wrap=True)
    else:
        screen.console().print("No invoices: the first one is written when a customer's month ends.")


def _print_list(found: list[ListedInvoice]) -> None:
    rows = []
    for head, standing in ((each.head, each.standing) for each in found):
        dates = (screen.day(head.issued_at), screen.day(head.due_at))
        money = (screen.amount(head.totals.due), screen.amount(standing.owed(head.totals.due)))
        rows.append((head.invoice, head.customer_id, standing.state.value, *dates, head.currency, *money))
    headings = ("INVOICE", "CUSTOMER", "STATE", "ISSUED", "DUE", "", "TO PAY", "OWED")
    print_columns(screen.console(), headings, rows, right=("TO PAY", "OWED"))


def _flat(document: dict[str, Any], name: str) -> object:
    if name.startswith("period_"):
        return document["period"] and document["period"][name.removeprefix("period_")]
    return document.get(name)


def show(
    invoice: InvoiceId,
    as_json: Json = False,
    as_csv: Csv = False,
    as_html: AsHtml = False,
    as_pdf: AsPdf = None,
) -> None:
    """Show an invoice: its lines, their sum, and its payments.

    Example: invoice show northwind-000007 --html
    """
    one_format(as_json=as_json, as_csv=as_csv, as_html=as_html, as_pdf=as_pdf is not None)
    view = use(lambda perennial: perennial.billing.documents.invoice(invoice))
    document, standing = view.document, view.standing
    if as_html or as_pdf:
        send_page(page(view), as_pdf)
    elif as_json:
        screen.print_json(invoice_document(document, standing))
    elif as_csv:
        lines = invoice_document(document, standing)["lines"]
        print_csv(LINE_COLUMNS, [[line.get(name, line["period"].get(name)) for name in LINE_COLUMNS] for line in lines])
    else:
        print_invoice(screen.console(), document, standing, view.notes)


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

    A surplus pays the customer's other open invoices in its currency; what is then left is credit for the next one.
    Once every invoice that led to a suspension is paid, exactly the holds that were placed for nonpayment are lifted
    (SUS-9).

    Example: invoice pay contoso-000007 --dry-run
    """
    payment_id = paying.payment_id or random_id()

    async def ask(billing: Billing) -> Answer:
        view = await billing.documents.invoice(invoice)
        head = view.document.head
        request = request_of(
            ReceivePayment,
            paying,
            payment_id=payment_id,
            currency=currency or head.currency,
            amount=amount if amount is not None else view.to_pay(paying.payment_id),
            invoice=invoice,
        )
        return await paying.answered(billing, head.customer_id, request, paying.sent(payment_id))

    paying.report(use(lambda perennial: ask(perennial.billing), paying.address))


@with_options
def fail(
    invoice: InvoiceId,
    asking: AsService,
    payment_id: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="The payment's id.", show_default="a new one")
    ] = None,
    reason: Annotated[str | None, Option(metavar="TEXT", help="Why, for the record.", show_default=False)] = None,
) -> None:
    """Note that a payment of an invoice failed (MON-6). The invoice's dates do not change.

    Example: invoice fail northwind-000007 --reason card_declined
    """
    failed = payment_id or random_id()
    request = request_of(FailPayment, asking, payment_id=failed, invoice=invoice, reason=reason)
    sent = Sent(failed, "--payment-id", asking.timeout)

    async def ask(billing: Billing) -> Answer:
        view = await billing.documents.invoice(invoice)
        return await sent.answered(lambda: billing.send(view.document.head.customer_id, request))

    answers.report(use(lambda perennial: ask(perennial.billing), asking.address), as_json=asking.as_json)
