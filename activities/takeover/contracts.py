"""What the books take and return where subscriptions are taken over or exported."""

from dataclasses import dataclass

from activities.billing.contracts import RecordInput
from domain.account.openings import OpenInvoice
from domain.ordering.placement import Claim
from domain.subscription.subscription import Subscription
from domain.values import Frozen


class TakeoverInput(Frozen):
    """A subscription to take over: its first record, with what never changes about it, and its claims."""

    entry: RecordInput
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class Running:
    """A subscription as its last event left it, and the reference of the system that it came from.

    `open_invoices` are the unpaid ones that charge it, with what is owed on the whole of each (MOV-6).
    """

    subscription: Subscription
    reference: str | None = None
    open_invoices: tuple[OpenInvoice, ...] = ()
