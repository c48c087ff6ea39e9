"""`account show`, `account pay`, `account open`: what a customer owes, and under which terms (MON-6)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from activities.random_ids import random_id
from cli.account.asking import Paying
from cli.next_step import worded
from cli.options import Address, Json, Timeout, exact_decimal, request_of, some_id, with_options
from cli.printing.screen import amount as formatted
from cli.printing.screen import console, day, instant, print_json, zone
from cli.printing.tables import print_columns
from cli.running import use
from cli.sent import Sent
from domain.account.requests import ReceivePayment
from domain.next_step import Do, NextStep

if TYPE_CHECKING:
    from rich.console import Console

    from perennial.account.billing import AccountView
    from perennial.use_cases import Perennial

Customer = Annotated[str, Argument(metavar="CUSTOMER", parser=some_id, help="As `customer list` shows it.")]


def show(customer: Customer, address: Address = None, as_json: Json = False) -> None:
    """Show a customer's account: unpaid invoices, credit, and what comes next if nobody pays.

    Example: account show fabrikam
    """
    view = use(lambda perennial: perennial.billing.show(customer), address)
    if as_json:
        print_json(document(view))
    else:
        _print(console(), view)


def document(view: AccountView) -> dict[str, Any]:
    """The account, ready for JSON."""
    found = view.details
    terms = found.terms
    return {
        "customer": found.customer_id,
        "terms": {
            "policy": terms.name,
            "invoice_day": terms.invoice_day,
            "due_after_days": terms.due_after.days,
            "reminder_days": [reminder.days for reminder in terms.reminders],
            "suspends_after_days": terms.suspends_after.days if terms.suspends_after is not None else None,
            "tolerance": f"{terms.tolerance:f}",
            "holds": terms.holds.value,
            "sell_while_held": terms.sell_while_held,
        },
        "unpaid": [
            {
                **r.model_dump(mode="json", exclude={"suspended", "terms"}),
                "owed": f"{r.owed:f}",
                "suspended": r.suspended,
            }
            for r in found.receivables
        ],
        "held": [{"subscription": hold.subscription_id, "invoice": hold.invoice} for hold in view.held],
        "credit": [{"amount": f"{amount:f}", "currency": currency} for currency, amount in found.credit.items()],
        "refunds": [refund.model_dump(mode="json") for refund in view.refunds],
        "not_chased": list(found.not_chased),
        "timeline": [milestone.model_dump(mode="json") for milestone in found.timeline],
        "attention": found.attention,
        "conflict": found.conflict.model_dump(mode="json") if found.conflict else None,
        "refused_signals": found.refused_signal_count,
    }


def _print(screen: Console, view: AccountView) -> None:
    found = view.details
    screen.print(f"Billing account of {found.customer_id}", style="bold")
    screen.print(f"{found.terms.name}: {found.terms.words}", style="dim", soft_wrap=True)
    if found.attention:
        screen.print(f"Needs attention: {found.attention}", style="bold red", soft_wrap=True)
    if found.conflict:
        step = worded(NextStep(Do.SHOW_ACCOUNT_CONFLICT, found.customer_id, "See both sides, and settle it"))
        screen.print(f"Conflict: {found.conflict.key} does not fit the books. {step}", soft_wrap=True)
    screen.print()
    if found.receivables:
        rows = [
            (r.invoice, r.state.value, day(r.due_at), r.currency, formatted(r.due), formatted(r.owed), str(r.reminders))
            for r in found.receivables
        ]
        headings = ("UNPAID", "STATE", "DUE", "", "TO PAY", "OWED", "REMINDERS")
        print_columns(screen, headings, rows, right=("TO PAY", "OWED", "REMINDERS"))
    else:
        screen.print("Nothing is unpaid.")
    if view.held:
        held = ", ".join(f"{hold.subscription_id} for {hold.invoice or 'an unknown invoice'}" for hold in view.held)
        screen.print(f"Suspended for nonpayment: {held}", soft_wrap=True)
    for words in found.not_chased:
        screen.print(words, soft_wrap=True)
    for currency, credit in found.credit.items():
        screen.print(f"Credit for the next invoice: {currency} {formatted(credit)}")
    for refund in view.refunds:
        money = f"{refund.currency} {formatted(refund.amount)}"
        screen.print(f"To be paid out: {money}, refund {refund.refund_id}, reserved {day(refund.at)}", soft_wrap=True)
    screen.print()
    coming = [(instant(m.at), m.what.value, m.rule.value, m.why) for m in found.timeline]
    print_columns(screen, (f"WHEN ({zone()})", "WHAT", "RULE", "WHY"), coming)


@with_options
def pay(
    customer: Customer,
    amount: Annotated[Decimal, Argument(metavar="AMOUNT", parser=exact_decimal, help="How much has come in.")],
    currency: Annotated[str, Argument(metavar="CURRENCY", help="Its ISO 4217 code, such as USD.")],
    paying: Paying,
) -> None:
    """Record a payment that names no invoice: it pays the unpaid ones, the oldest first (MON-6).

    Example: account pay fabrikam 30.00 USD --dry-run
    """
    payment_id = paying.payment_id or random_id()
    request = request_of(ReceivePayment, paying, payment_id=payment_id, currency=currency, amount=amount)
    sent = paying.sent(payment_id)
    paying.report(use(lambda perennial: paying.answered(perennial.billing, customer, request, sent), paying.address))


def open_account(
    customer: Customer,
    suspension: Annotated[
        bool, Option("--suspension/--no-suspension", help="Whether nonpayment leads to suspension.")
    ] = True,
    timeout: Timeout = None,
    address: Address = None,
    as_json: Json = False,
) -> None:
    """Open the account of a customer who bought before there were accounts.

    A purchase opens it automatically. It begins with the first order: charges since then come on invoices for the
    months in which they were made.

    Example: account open fabrikam
    """
    sent = Sent(f"to {customer}", timeout=timeout)

    async def send(perennial: Perennial) -> bool:
        return await sent.answered(lambda: perennial.billing.open(customer, suspends=suspension))

    opened = use(send, address)
    if as_json:
        print_json({"customer": customer, "opened": opened})
    else:
        words = "is open now" if opened else "is open already"
        step = worded(NextStep(Do.SHOW_ACCOUNT, customer))
        console().print(f"The account of {customer} {words}. {step}", soft_wrap=True)
