"""What the calendar begins in a paid subscription: billing periods and renewals (MON-3, REN-1)."""

from decimal import Decimal

from domain.rules import Rule
from domain.subscription.events import EventName, State
from domain.subscription.pricing import period_charges, usage_charge
from statemachines.subscription.beginnings import set_term, take_next_terms
from statemachines.subscription.draft import Draft


def charge_period(draft: Draft) -> None:
    """MON-3: bill the usage of the ended period, and the licences of the new one in advance.

    While suspended, licences are charged only if the policy pack says so (SUS-6), and never after the term
    (SUS-7).
    """
    subscription = draft.subscription
    usage = usage_charge(subscription, draft.at)
    term = subscription.term
    assert term is not None
    charges = draft.at < term.end and (draft.target is State.ACTIVE or subscription.policy.bill_while_suspended)
    # No usage is reported while suspended, so nothing is left once this is billed.
    counted = None if draft.target is State.ACTIVE else Decimal(0)
    draft.update(period=subscription.period + 1, unbilled_usage=counted)
    if charges:
        draft.update(paid_through=draft.subscription.billing_period(draft.subscription.period).end)
    rows = period_charges(draft.subscription, draft.at) if charges else ()
    draft.emit(EventName.PERIOD_CHARGED, Rule.MON_3, rows=rows, usage=usage)


def renew(draft: Draft) -> None:
    """REN-1: a new term of the same length, at the price that holds just before it (BUY-5)."""
    subscription = draft.subscription
    usage = usage_charge(subscription, draft.at)
    term = subscription.term
    assert term is not None
    take_next_terms(draft, including=False)
    set_term(draft, term.number + 1, term.months_in + subscription.offer.term.months)
    if draft.subscription.policy.window_reopens_on_renewal:
        draft.update(window_from=draft.at, refundable={})
    draft.emit(EventName.RENEWED, Rule.REN_1, rows=period_charges(draft.subscription, draft.at), usage=usage)
