"""What the books take and return where subscriptions are taken over or exported."""

from dataclasses import dataclass

from activities.billing.contracts import RecordInput
from domain.account.openings import OpenInvoice
from domain.ordering.placement import Claim
from domain.subscription.subscription import Subscription
from domain.subscription.usage import Report
from domain.values import Frozen


class TakeoverInput(Frozen):
    """A subscription to take over: its first record, with what never changes about it, its claims, and its usage."""

    entry: RecordInput
    claims: tuple[Claim, ...] = ()
    usage: tuple[Report, ...] = ()


@dataclass(frozen=True)
class Running:
    """A subscription as its last event left it, and the reference of the system that it came from.

    `open_invoices` are the unpaid ones that charge it, with what is owed on the whole of each (MOV-6), `unbilled` the
    reports of a usage offer that no event has billed.
    """

    subscription: Subscription
    reference: str | None = None
    open_invoices: tuple[OpenInvoice, ...] = ()
    unbilled: tuple[Report, ...] = ()
