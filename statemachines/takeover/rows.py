"""Writes a running subscription as the row that takes it over elsewhere: the way back of `taken_over`."""

from collections.abc import Sequence

from domain.account.openings import OpenInvoice
from domain.catalog.offers import Price
from domain.policy import PACKS
from domain.subscription.events import State
from domain.subscription.subscription import Subscription
from domain.subscription.usage import Report
from domain.takeover.row import HeldRow, TakeoverRow, UsageRow
from statemachines.takeover.contradictions import RUNNING
from statemachines.takeover.usage import why_not_written


def why_left_out(subscription: Subscription, unbilled: Sequence[Report] = ()) -> str | None:
    """Why it cannot be taken over elsewhere, with this usage that is not billed; None if it can."""
    if subscription.state.ended:
        return "has ended"
    if subscription.state not in RUNNING:
        return "is pending"
    if subscription.policy != PACKS.get(subscription.policy.name) or subscription.next_policy:
        return "has a policy pack of its own"
    return why_not_written(subscription, unbilled) if subscription.offer.metered else None


def row_of(
    subscription: Subscription,
    reference: str | None = None,
    open_invoices: tuple[OpenInvoice, ...] = (),
    unbilled_usage: tuple[UsageRow, ...] = (),
) -> TakeoverRow:
    """The row, as of the last event; `why_left_out` must be None.

    `reference` is the one it was taken over by, `open_invoices` are those that charge it and are not paid (MOV-6).
    """
    term, cancellation = subscription.term, subscription.scheduled_cancellation
    suspended = subscription.state is State.SUSPENDED
    refunds = term is not None and subscription.last_at < subscription.refund_closes and not subscription.offer.metered
    return TakeoverRow(
        subscription_id=subscription.subscription_id,
        reference=reference,
        customer=subscription.customer_id,
        offer=subscription.offer.id,
        state=subscription.state,
        quantity=subscription.quantity,
        add_ons=subscription.add_ons,
        unit_price=subscription.unit_price,
        add_on_prices={add_on.id: add_on.unit_price for add_on in subscription.offer.add_ons},
        min_quantity=subscription.offer.min_quantity,
        max_quantity=subscription.offer.max_quantity,
        announce_days=subscription.offer.announce_days,
        ordered_at=subscription.ordered_at,
        account_opened=subscription.account_opened,
        trial_end=subscription.trial_end,
        first_billing=subscription.first_billing,
        anchor=subscription.anchor if term else None,
        term_number=term.number if term else None,
        term_start=term.start if term else None,
        term_end=term.end if term else None,
        paid_until=subscription.paid_through if term else None,
        auto_renew=subscription.auto_renew,
        cancellation_at=cancellation.at if cancellation else None,
        cancellation_reason=cancellation.reason if cancellation else None,
        cancellation_by=cancellation.by if cancellation else None,
        cancellation_details=cancellation.details if cancellation else None,
        holds=tuple(
            HeldRow(reason=hold.reason, at=hold.at, by=hold.by, until=hold.until) for hold in subscription.holds
        ),
        deletes_at=subscription.deletes_at if suspended else None,
        refund_from=subscription.window_from if refunds or term is None else None,
        refundable=subscription.refundable if refunds else None,
        scheduled_changes=subscription.scheduled_changes,
        prices=_prices(subscription),
        unbilled_usage=unbilled_usage,
        open_invoices=open_invoices,
        policy=subscription.policy.name,
        roles=subscription.roles,
        as_of=subscription.last_at,
    )


def _prices(subscription: Subscription) -> tuple[Price, ...]:
    """The known coming prices; where there are none, that today's price stays: else the catalog's would come."""
    at, known = subscription.last_at, subscription.prices
    coming = subscription.with_prices(known, at).prices if known else ()
    stays = (Price(at=at, unit_price=subscription.unit_price),)
    return tuple(Price(at=price.at, unit_price=price.unit_price) for price in coming) or stays
