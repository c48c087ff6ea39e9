"""How a subscription ends: cancelled while pending, in trial, for credit or at renewal; expired; deprovisioned."""

from domain.rules import Rule
from domain.subscription.commands import Cancel
from domain.subscription.decision import Outcome
from domain.subscription.ends import expiry_rule, refund_open
from domain.subscription.events import EventName, State
from domain.subscription.ledger import Kind
from domain.subscription.pricing import full_credit, usage_charge
from domain.subscription.scheduled import ScheduledCancellation
from domain.values import format_instant
from statemachines.subscription.draft import Draft
from statemachines.subscription.suspension import LIFTED, end_in_words


def withdraw(draft: Draft) -> None:
    """ISV-4: a pending subscription to any offer can be cancelled; it was never charged."""
    before = "it began" if draft.subscription.waits_to_begin(draft.at) else "activation"
    draft.outcome, draft.message = Outcome.CANCELLED, f"Cancelled before {before}. Nothing was charged."
    draft.emit(EventName.CANCELLED, Rule.ISV_4)


def miss_activation(draft: Draft) -> None:
    """ISV-4: the publisher did not activate it in time."""
    draft.emit(EventName.CANCELLED, Rule.ISV_4)


def leave_trial(draft: Draft) -> None:
    """TRI-4: a trial of any offer ends at once, without charge."""
    when = "Cancelled during the trial" if draft.subscription.in_free_trial(draft.at) else _ended_before(draft)
    draft.outcome, draft.message = Outcome.CANCELLED, f"{when}. Nothing is charged."
    draft.emit(EventName.CANCELLED, Rule.TRI_4, **LIFTED)


def end_for_credit(draft: Draft) -> None:
    """CXL-2, CXL-5: access ends now, and a full credit on the next invoice brings the order to zero."""
    _credit(draft, Rule.CXL_2)


def end_suspended(draft: Draft) -> None:
    """CXL-8: end while suspended, for credit in the refund window. A trial ends like any (TRI-4, SUS-8).

    Past the end of its term nothing is left to charge or to credit (LIF-3).
    """
    subscription = draft.subscription
    if subscription.term is None:
        leave_trial(draft)
    elif refund_open(subscription, draft.at):
        _credit(draft, Rule.CXL_8)
    else:
        draft.outcome = Outcome.CANCELLED
        draft.message = f"{_ended_before(draft)}. Nothing is charged or credited."
        draft.emit(EventName.CANCELLED, Rule.CXL_8, **LIFTED)


def stop_renewing(draft: Draft) -> None:
    """LIF-3: auto-renew is turned off past the end of the term or trial, suspended: it expires now."""
    draft.message = f"Auto-renew is off. {_ended_before(draft)}. Nothing is charged or credited."
    draft.emit(EventName.EXPIRED, expiry_rule(draft.subscription), auto_renew=False, **LIFTED)
    draft.rule = Rule.REN_2


def _ended_before(draft: Draft) -> str:
    """That it ends now, and why nothing follows: its term or trial ended while it was suspended."""
    subscription = draft.subscription
    end = subscription.commitment_end
    assert end is not None
    what = "term" if subscription.term else "trial"
    return f"The subscription ends now: its {what} ended at {format_instant(end)}, while it was suspended"


def _credit(draft: Draft, rule: Rule) -> None:
    draft.outcome = Outcome.CANCELLED_WITH_CREDIT
    rows = full_credit(draft.subscription, draft.at, draft.next_seq)
    draft.emit(EventName.CANCELLED, rule, rows=rows, **LIFTED)
    credit = draft.money(Kind.CREDIT)
    credited = f"{credit} will be credited on the next invoice" if credit else "There is nothing to credit"
    draft.message = f"Cancelled now. {credited}."


def schedule(draft: Draft) -> None:
    """CXL-3, CXL-8: after the refund window it ends at the next renewal, without credit."""
    command, subscription = draft.command, draft.subscription
    assert isinstance(command, Cancel)
    if not subscription.auto_renew:
        draft.unchanged(f"The subscription already does not renew. {end_in_words(subscription)}")
        return
    rule = Rule.CXL_8 if draft.target is State.SUSPENDED else Rule.CXL_3
    draft.outcome, draft.effective_at = Outcome.CANCELLATION_SCHEDULED, subscription.commitment_end
    cancellation = ScheduledCancellation(at=draft.at, by=command.by, reason=command.reason, details=command.details)
    draft.emit(EventName.CANCELLATION_SCHEDULED, rule, auto_renew=False, scheduled_cancellation=cancellation)
    draft.message = f"The subscription will not renew. {end_in_words(draft.subscription)} Nothing is credited."


def expire(draft: Draft) -> None:
    """REN-2, CXL-3, TRI-5: the term or trial ended with auto-renew off; usage so far is billed (SUS-10)."""
    usage = usage_charge(draft.subscription, draft.at)
    rule = expiry_rule(draft.subscription)
    draft.emit(EventName.EXPIRED, rule, usage=usage, **LIFTED)


def deprovision(draft: Draft) -> None:
    """CXL-6: end a usage subscription after billing its final usage."""
    usage = usage_charge(draft.subscription, draft.at, final=True)
    draft.message = "Deprovisioned. The final usage is billed."
    draft.emit(EventName.DEPROVISIONED, Rule.CXL_6, usage=usage, **LIFTED)
