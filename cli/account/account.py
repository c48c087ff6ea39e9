"""`account show`, `account pay`, `account terms`: what a customer owes, and under which terms (MON-6)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from activities.random_ids import random_id
from cli.account.asking import Paying
from cli.failure import Misused
from cli.next_step import worded
from cli.options import Acting, Address, Json, Timeout, exact_decimal, one_of, request_of, some_id, with_options
from cli.printing import answer as answers
from cli.printing.screen import amount as formatted
from cli.printing.screen import console, day, instant, print_json, zone
from cli.printing.tables import print_columns
from cli.running import use
from cli.sent import Sent
from domain.account.requests import ChangeTerms, ReceivePayment
from domain.account.terms import HoldScope
from domain.next_step import Do, NextStep

if TYPE_CHECKING:
    from rich.console import Console

    from domain.subscription.decision import Answer
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
            "due_after_days": terms.due_after.days,
            "reminder_days": [reminder.days for reminder in terms.reminders],
            "suspends_after_days": terms.suspends_after.days if terms.suspends_after is not None else None,
            "tolerance": f"{terms.tolerance:f}",
            "holds": terms.holds.value,
            "sell_while_held": terms.sell_while_held,
        },
        "unpaid": [
            {**r.model_dump(mode="json", exclude={"suspended"}), "owed": f"{r.owed:f}", "suspended": r.suspended}
            for r in found.receivables
        ],
        "held": [{"subscription": hold.subscription_id, "invoice": hold.invoice} for hold in view.held],
        "credit": [{"amount": f"{amount:f}", "currency": currency} for currency, amount in found.credit.items()],
        "not_chased": list(found.not_chased),
        "timeline": [milestone.model_dump(mode="json") for milestone in found.timeline],
        "attention": found.attention,
        "conflict": found.conflict.model_dump(mode="json") if found.conflict else None,
        "refused_signals": found.refused_signal_count,
    }


def _print(screen: Console, view: AccountView) -> None:
    found = view.details
    terms = found.terms
    after = (
        f"suspension {terms.holds.words} {terms.suspends_after.days} days after"
        if terms.suspends_after is not None
        else "nobody is suspended"
    )
    sells = ", sold to while suspended" if terms.sell_while_held else ""
    reminders = ", ".join(str(reminder.days) for reminder in terms.reminders)
    screen.print(f"Billing account of {found.customer_id}", style="bold")
    screen.print(
        f"{terms.name}: due after {terms.due_after.days} days, reminders {reminders} days after, {after}, "
        f"tolerance {terms.tolerance:f}{sells}",
        style="dim",
        soft_wrap=True,
    )
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
    paying.report(use(lambda perennial: paying.answered(perennial.billing, customer, request), paying.address))


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


@with_options
def change_terms(
    customer: Customer,
    asking: Acting,
    policy: Annotated[
        str | None, Option(metavar="PACK", help="The terms of this policy pack.", show_default=False)
    ] = None,
    suspension: Annotated[
        bool | None,
        Option("--suspension/--no-suspension", help="Whether nonpayment leads to suspension.", show_default=False),
    ] = None,
    tolerance: Annotated[
        Decimal | None,
        Option(
            parser=exact_decimal, metavar="AMOUNT", help="Less than this is owed but not chased.", show_default=False
        ),
    ] = None,
    holds: Annotated[
        HoldScope | None,
        Option(
            parser=one_of(HoldScope),
            metavar="SCOPE",
            help="What nonpayment suspends: unpaid (what the invoice charges), or all.",
            show_default=False,
        ),
    ] = None,
    sell_while_held: Annotated[
        bool | None,
        Option(
            "--sell-while-held/--no-sell-while-held",
            help="Whether the customer may buy while suspended for nonpayment.",
            show_default=False,
        ),
    ] = None,
    timeout: Timeout = None,
) -> None:
    """Change a customer's terms of payment: they hold from now on, for unpaid invoices too (MON-6).

    Another pack keeps tolerance, holds and sell-while-held as they are.

    Example: account terms fabrikam --tolerance 5.00
    """
    own = {"tolerance": tolerance, "holds": holds, "sell_while_held": sell_while_held}
    if all(given is None for given in (policy, suspension, *own.values())):
        raise Misused(
            "Nothing to change: give --policy, --suspension or --no-suspension, --tolerance, --holds, "
            "--sell-while-held or --no-sell-while-held."
        )
    request = request_of(ChangeTerms, asking, policy=policy, suspends=suspension, **own)
    sent = Sent(f"to {customer}", timeout=timeout)

    async def send(perennial: Perennial) -> Answer:
        return await sent.answered(lambda: perennial.billing.send(customer, request))

    answers.report(use(send, asking.address), as_json=asking.as_json)
