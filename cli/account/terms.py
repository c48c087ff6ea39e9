"""`account terms`: change a customer's terms of payment (MON-11)."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from cli.failure import Misused
from cli.options import (
    Acting,
    Timeout,
    exact_decimal,
    one_of,
    request_of,
    some_id,
    whole_number,
    with_options,
)
from cli.printing import answer as answers
from cli.running import use
from cli.sent import Sent
from domain.account.requests import ChangeTerms
from domain.account.terms import HoldScope

if TYPE_CHECKING:
    from domain.subscription.decision import Answer
    from perennial.use_cases import Perennial


@dataclass(frozen=True)
class TermsOptions:
    """The terms to change; what is None stays as it is."""

    policy: Annotated[str | None, Option(metavar="PACK", help="The terms of this policy pack.", show_default=False)] = (
        None
    )
    suspension: Annotated[
        bool | None,
        Option("--suspension/--no-suspension", help="Whether nonpayment leads to suspension.", show_default=False),
    ] = None
    invoice_day: Annotated[
        str | None,
        Option(metavar="DAY", help="When invoices close: a day from 1 to 28, or month_end.", show_default=False),
    ] = None
    due_days: Annotated[
        int | None,
        Option(parser=whole_number, metavar="DAYS", help="From an invoice to its due date.", show_default=False),
    ] = None
    reminder_days: Annotated[
        str | None,
        Option(metavar="DAYS", help="From the due date to each reminder, such as 1,7,14, or none.", show_default=False),
    ] = None
    suspend_days: Annotated[
        str | None, Option(metavar="DAYS", help="From the due date to the suspension, or never.", show_default=False)
    ] = None
    tolerance: Annotated[
        Decimal | None,
        Option(
            parser=exact_decimal, metavar="AMOUNT", help="Less than this is owed but not chased.", show_default=False
        ),
    ] = None
    holds: Annotated[
        HoldScope | None,
        Option(
            parser=one_of(HoldScope),
            metavar="SCOPE",
            help="What nonpayment suspends: unpaid (what the invoice charges), or all.",
            show_default=False,
        ),
    ] = None
    sell_while_held: Annotated[
        bool | None,
        Option(
            "--sell-while-held/--no-sell-while-held",
            help="Whether the customer may buy while suspended for nonpayment.",
            show_default=False,
        ),
    ] = None

    @property
    def given(self) -> dict[str, Any]:
        """The fields of the request that were typed. Raises Misused."""
        typed = {name: value for name, value in dataclasses.asdict(self).items() if value is not None}
        if not typed:
            raise Misused("Nothing to change: give --policy, --due-days or another of the terms; --help lists them.")
        if "suspension" in typed:
            typed["suspends"] = typed.pop("suspension")
        for name in {"invoice_day", "suspend_days"} & typed.keys():
            typed[name] = _number(typed[name])
        if "reminder_days" in typed:
            reminders = typed["reminder_days"]
            typed["reminder_days"] = [] if reminders == "none" else [_number(part) for part in reminders.split(",")]
        return typed


def _number(text: str) -> int | str:
    """The number that was typed; other text stays as it is, for the request to say what it takes."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else text


@with_options
def change_terms(
    customer: Annotated[str, Argument(metavar="CUSTOMER", parser=some_id, help="As `customer list` shows it.")],
    terms: TermsOptions,
    asking: Acting,
    timeout: Timeout = None,
) -> None:
    """Change a customer's terms of payment, for invoices closed from now on (MON-11).

    Unpaid invoices keep the terms that they were closed by; tolerance and sell-while-held are the account's and hold at
    once. The running period closes as it was shown. Another pack keeps the customer's own terms.

    Example: account terms fabrikam --due-days 30 --reminder-days 3,10
    """
    request = request_of(ChangeTerms, asking, **terms.given)
    sent = Sent(f"to {customer}", timeout=timeout)

    async def send(perennial: Perennial) -> Answer:
        return await sent.answered(lambda: perennial.billing.send(customer, request))

    answers.report(use(send, asking.address), as_json=asking.as_json)
