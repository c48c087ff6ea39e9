"""What the calendar brings to a paid subscription: billing periods, renewals, late usage (MON-3, REN-1, USE-2)."""

from domain.rules import Rule
from domain.subscription.events import Announcement, EventName, State
from domain.subscription.ledger import Kind
from domain.subscription.pricing import period_charges, usage_charge
from domain.subscription.usage import Unbilled
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
    # What is reported while suspended was used before, so nothing is left once this is billed.
    counted = None if draft.target is State.ACTIVE else Unbilled(at=draft.at)
    draft.update(period=subscription.period_ending(draft.at) + 1, unbilled=counted)
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


def announce(draft: Draft) -> None:
    """REN-5: say when the term will renew, and what that will charge by the prices and quantities known now."""
    term = draft.subscription.term
    assert term is not None
    ahead = Draft(draft.subscription, term.end, draft.target, None)
    renew(ahead)
    draft.emit(
        EventName.RENEWAL_ANNOUNCED,
        Rule.REN_5,
        announces=Announcement(renews_at=term.end, amount=ahead.money(Kind.CHARGE)),
        announces_at=None,
    )


def settle_usage(draft: Draft) -> None:
    """USE-2: no more usage is taken; then what the books have counted is billed, if there is anything.

    The first step has no event: what came in the last moment is counted before the second.
    """
    if not draft.subscription.usage_closed:
        draft.update(usage_closed=True, unbilled=None)
        return
    usage = usage_charge(draft.subscription, draft.at, late_only=True)
    draft.update(unbilled=Unbilled(at=draft.at))
    draft.emit(EventName.USAGE_SETTLED, Rule.USE_2, usage=usage)
