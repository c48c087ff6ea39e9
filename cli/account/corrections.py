"""Corrections of money on the command line: credit notes, write-offs, refunds, reversed payments (MON-10)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from activities.random_ids import random_id
from cli.account.account import Customer
from cli.account.asking import Moving, MovingAsService
from cli.account.invoice import InvoiceId
from cli.options import exact_decimal, request_of, some_id, with_options
from cli.running import use
from cli.sent import Sent
from domain.account.requests import ConfirmRefund, IssueCreditNote, ReserveRefund, ReversePayment, WriteOff

if TYPE_CHECKING:
    from domain.account.requests import AccountRequest
    from domain.subscription.decision import Answer
    from perennial.account.billing import Billing

Amount = Annotated[Decimal, Argument(metavar="AMOUNT", parser=exact_decimal, help="In the major unit of the currency.")]
CurrencyCode = Annotated[str, Argument(metavar="CURRENCY", help="Its ISO 4217 code, such as USD.")]
Reason = Annotated[str, Option(metavar="TEXT", help="Why, for the record.")]
CreditId = Annotated[
    str | None,
    Option(
        parser=some_id, metavar="ID", help="The credit note's id: sent twice it counts once.", show_default="a new one"
    ),
]


def _send(
    moving: Moving,
    request: AccountRequest,
    key: str,
    option: str | None = None,
    *,
    customer: str = "",
    invoice: str = "",
) -> None:
    """Send the request to the account of the customer, or of the invoice's, and print the answer."""
    sent = Sent(key, option, moving.timeout)

    async def ask(billing: Billing) -> Answer:
        owner = customer or (await billing.documents.invoice(invoice)).document.head.customer_id
        return await moving.answered(billing, owner, request, sent)

    moving.report(use(lambda perennial: ask(perennial.billing), moving.address))


@with_options
def credit_invoice(
    invoice: InvoiceId,
    amount: Amount,
    currency: CurrencyCode,
    reason: Reason,
    moving: Moving,
    credit_id: CreditId = None,
) -> None:
    """Issue a credit note that corrects an invoice (MON-10).

    It takes off what is owed on it first, then on the customer's other open invoices; the rest becomes credit. The
    invoice itself stays as it is.

    Example: invoice credit contoso-000007 12.50 USD --reason mispriced
    """
    key = credit_id or random_id()
    fields = {"credit_id": key, "currency": currency, "amount": amount, "invoice": invoice, "reason": reason}
    _send(moving, request_of(IssueCreditNote, moving, **fields), key, "--credit-id", invoice=invoice)


@with_options
def write_off(invoice: InvoiceId, reason: Reason, moving: Moving) -> None:
    """Give up what is still owed on an invoice (MON-10). It is paid then, and holds nothing any more.

    Example: invoice write-off contoso-000007 --reason insolvent
    """
    request = request_of(WriteOff, moving, invoice=invoice, reason=reason)
    _send(moving, request, f"to write {invoice} off", invoice=invoice)


@with_options
def credit(
    customer: Customer,
    amount: Amount,
    currency: CurrencyCode,
    reason: Reason,
    moving: Moving,
    credit_id: CreditId = None,
) -> None:
    """Issue a credit note of goodwill (MON-10).

    It settles open invoices, the one that fell due first before the others; the rest becomes credit.

    Example: account credit fabrikam 20 USD --reason goodwill
    """
    key = credit_id or random_id()
    fields = {"credit_id": key, "currency": currency, "amount": amount, "reason": reason}
    _send(moving, request_of(IssueCreditNote, moving, **fields), key, "--credit-id", customer=customer)


@with_options
def refund(
    customer: Customer,
    amount: Amount,
    currency: CurrencyCode,
    reason: Reason,
    moving: Moving,
    refund_id: Annotated[
        str | None,
        Option(
            parser=some_id, metavar="ID", help="The refund's id: sent twice it counts once.", show_default="a new one"
        ),
    ] = None,
) -> None:
    """Reserve credit to be paid out (MON-10). `account refund-paid` tells that it was.

    Example: account refund fabrikam 40 USD --reason asked
    """
    key = refund_id or random_id()
    fields = {"refund_id": key, "currency": currency, "amount": amount, "reason": reason}
    _send(moving, request_of(ReserveRefund, moving, **fields), key, "--refund-id", customer=customer)


@with_options
def refund_paid(
    customer: Customer,
    refund_id: Annotated[str, Argument(metavar="REFUND", parser=some_id, help="The refund's id.")],
    moving: MovingAsService,
) -> None:
    """Record that a reserved refund was paid out (MON-10).

    Example: account refund-paid fabrikam refund-7
    """
    request = request_of(ConfirmRefund, moving, refund_id=refund_id)
    _send(moving, request, f"about refund {refund_id}", customer=customer)


@with_options
def reverse(
    customer: Customer,
    payment_id: Annotated[str, Argument(metavar="PAYMENT", parser=some_id, help="The payment's id.")],
    reason: Reason,
    moving: MovingAsService,
) -> None:
    """Record that a payment was taken back, as by a charge-back (MON-10).

    What it paid is owed again as of its due date; what had become credit is taken back.

    Example: account reverse fabrikam bank-17 --reason charge-back
    """
    request = request_of(ReversePayment, moving, payment_id=payment_id, reason=reason)
    _send(moving, request, f"about payment {payment_id}", customer=customer)
