"""How a subscription and its paid terms begin: purchase, activation, trial, conversion."""

from datetime import timedelta

from domain.rules import Rule
from domain.subscription.events import EventName, State
from domain.subscription.pricing import period_charges
from domain.subscription.subscription import Term
from domain.values import format_instant
from statemachines.subscription.draft import Draft


def take_next_terms(draft: Draft, *, including: bool) -> None:
    """Take what holds from a new term: another version of the policy pack, the catalog's price, scheduled changes.

    BUY-5, REN-4. `including` says whether a price from that very instant counts. The price until now is kept for usage
    (USE-2).
    """
    subscription = draft.subscription
    quantity, add_ons = subscription.renewed_quantities
    draft.update(
        quantity=quantity,
        add_ons=add_ons,
        scheduled_changes={},
        policy=subscription.next_policy or subscription.policy,
        next_policy=None,
        unit_price=subscription.price_for(draft.at, including=including),
        prices=subscription.prices_after(draft.at, including=including),
        past=subscription.priced_terms if subscription.offer.metered else (),
    )


def new_term(draft: Draft) -> None:
    """Begin a term with a new anchor at the draft's instant, at the subscription's current price (TIM-7)."""
    subscription = draft.subscription
    draft.update(anchor=draft.at, first_billing=subscription.first_billing or draft.at)
    set_term(draft, number=subscription.term.number + 1 if subscription.term else 1, months_in=0)


def set_term(draft: Draft, number: int, months_in: int) -> None:
    """Set the term that begins `months_in` months after the anchor, in its first billing period."""
    subscription, offer = draft.subscription, draft.subscription.offer
    start, end = subscription.boundary(months_in), subscription.boundary(months_in + offer.term.months)
    paid_through = subscription.boundary(months_in + offer.months_per_period)
    term = Term(number=number, start=start, end=end, months_in=months_in)
    draft.update(term=term, period=1, paid_through=paid_through)


def purchase(draft: Draft) -> None:
    """BUY-4, ISV-5: charged at once unless a trial or the publisher's set-up comes first."""
    _begin(draft, EventName.PURCHASED, Rule.BUY_4)


def activate(draft: Draft) -> None:
    """ISV-4: the trial or the term begins when the publisher activates. BUY-6: but not before it was ordered for."""
    draft.message = "Activated by the publisher."
    if draft.subscription.waits_to_begin(draft.at):
        draft.message += f" {_begins_in_words(draft)}"
    draft.update(activated=True)
    _begin(draft, EventName.ACTIVATED, Rule.ISV_4)


def activate_again(draft: Draft) -> None:
    """MON-7: the publisher may have missed the first answer."""
    draft.unchanged(f"The subscription is already activated. {_begins_in_words(draft)}")


def begin(draft: Draft) -> None:
    """BUY-6: the instant has come that it was ordered for: the trial or the term begins."""
    _begin(draft, EventName.BEGUN, Rule.BUY_6)


def start_trial(draft: Draft) -> None:
    """TRI-1: the trial lasts `[t, t + trial_days)`; TRI-2: no flag and no role changes that."""
    trial_end = draft.at + timedelta(days=draft.subscription.offer.trial_days)
    draft.emit(EventName.TRIAL_STARTED, Rule.TRI_1, trial_end=trial_end, first_billing=trial_end)


def convert(draft: Draft) -> None:
    """TRI-3: the paid term begins; its first charge is dated the end of the trial."""
    _begin(draft, EventName.CONVERTED, Rule.TRI_3)


def _begins_in_words(draft: Draft) -> str:
    assert draft.subscription.begins_at is not None
    return f"It begins at {format_instant(draft.subscription.begins_at)}."


def _begin(draft: Draft, name: EventName, rule: Rule) -> None:
    pending = draft.target is State.PENDING
    if not pending:
        new_term(draft)
    rows = () if pending else period_charges(draft.subscription, draft.at)
    draft.emit(name, rule, rows=rows)
