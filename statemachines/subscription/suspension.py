"""Suspension: holds, planned pauses, the deletion deadline, reactivation and deletion."""

from datetime import datetime
from typing import Any

from domain.roles import Party
from domain.rules import Rule
from domain.subscription.commands import Reactivate, Suspend
from domain.subscription.decision import Outcome
from domain.subscription.ends import deleted_at, expires_at, retention_ends
from domain.subscription.events import EventName, State
from domain.subscription.holds import Hold, Reason, pause_of
from domain.subscription.pricing import period_charges, rest_of_period, usage_charge
from domain.subscription.subscription import Subscription
from domain.values import format_instant
from statemachines.subscription.beginnings import new_term, take_next_terms
from statemachines.subscription.draft import Draft

LIFTED: dict[str, Any] = {"holds": (), "deletes_at": None, "unbilled": None}
"""The fields of a subscription without holds."""


def suspend(draft: Draft) -> None:
    """SUS-1, SUS-9: place a hold. SUS-11: a planned pause replaces the customer's hold, or an earlier pause."""
    command, subscription = draft.command, draft.subscription
    assert isinstance(command, Suspend)
    before = next((hold for hold in subscription.holds if hold.reason is command.reason), None)
    if command.until and (refusal := _no_pause(subscription, command.reason, command.until, draft.at)):
        draft.refuse(Rule.SUS_11, refusal)
        return
    if before and command.until in {None, before.until}:
        ends = f"; it ends at {format_instant(before.until)}" if before.until else ""
        draft.unchanged(f"There is already a hold for {command.reason}{ends}.")
        return
    since = before.at if before and before.until else draft.at
    hold = Hold(reason=command.reason, at=since, by=command.by, until=command.until)
    others = (other for other in subscription.holds if other is not before)
    holds = tuple(sorted((*others, hold), key=lambda each: each.at))
    # Not after the end of the term (LIF-3): with auto-renew off it would expire at once, in the past.
    turns_off = subscription.policy.suspension_turns_auto_renew_off and not subscription.lapsed(draft.at)
    auto_renew = subscription.auto_renew and not turns_off
    draft.emit(
        EventName.SUSPENDED,
        Rule.SUS_1,
        holds=holds,
        deletes_at=_deletes_at(subscription, holds, replaces=before is not None),
        auto_renew=auto_renew,
    )
    now_off = " The suspension turned auto-renew off." if subscription.auto_renew else " Auto-renew is off."
    until = f" until {format_instant(command.until)}" if command.until else ""
    draft.message = f"Suspended{until}.{'' if auto_renew else now_off} {end_in_words(draft.subscription)}".rstrip()
    draft.tells_end = True


def _no_pause(subscription: Subscription, reason: Reason, until: datetime, now: datetime) -> str | None:
    """Why the subscription cannot be paused until then (SUS-11); None if it can."""
    if reason is not Reason.CUSTOMER_REQUEST:
        return f"until: got {format_instant(until)}; only a suspension for customer_request takes it, not for {reason}."
    pause = pause_of(subscription.holds)
    began = pause.at if pause else now
    latest, longest = began + subscription.policy.longest_pause, subscription.policy.longest_pause.days
    if now < until <= latest:
        return None
    return (
        f"until: got {format_instant(until)}; takes an instant in the future, up to {format_instant(latest)}: "
        f"a pause lasts {longest} days at most."
    )


def _deletes_at(subscription: Subscription, holds: tuple[Hold, ...], *, replaces: bool) -> datetime | None:
    """When the retention ends; what was shown stands, unless the new hold replaces another (SUS-4, SUS-11)."""
    ends = retention_ends(holds, subscription.policy, subscription.account_opened, subscription.first_billing)
    stands = None if replaces else subscription.deletes_at
    if ends is None or stands is None:
        return ends
    pause = pause_of(holds)
    return max(stands, pause.until) if pause and pause.until else stands


def end_in_words(subscription: Subscription) -> str:
    """How it ends if nothing else happens, to the second: what comes first, alone (SUS-4). Empty if it does not."""
    if expires := expires_at(subscription):
        return f"It expires with its {'term' if subscription.term else 'trial'}, at {format_instant(expires)}."
    if deleted := deleted_at(subscription):
        meanwhile = "; it does not renew meanwhile" if subscription.auto_renew else ""
        return f"All data is deleted at {format_instant(deleted)} unless it is reactivated before{meanwhile}."
    return ""


def reactivate(draft: Draft) -> None:
    """SUS-5: lift all holds. SUS-6: charge the rest of an unpaid period. SUS-7: begin a new term after the old one."""
    _reactivate(draft)


def resume(draft: Draft) -> None:
    """SUS-11: a planned pause is over. It goes on as if it were reactivated by hand.

    Exactly at its term's end it renews, or expires, as if it had never been paused.
    """
    subscription = draft.subscription
    if subscription.term and draft.at == subscription.term.end:
        draft.update(period=subscription.period_ending(draft.at))
        draft.emit(EventName.REACTIVATED, Rule.SUS_11, **LIFTED)
    else:
        _reactivate(draft, Rule.SUS_11)


def _reactivate(draft: Draft, rule: Rule | None = None) -> None:
    """Lift all holds, by that rule, or by the one that says what is charged."""
    subscription = draft.subscription
    if draft.target is State.TRIAL:
        draft.message = "Reactivated; the trial continues."
        draft.emit(EventName.REACTIVATED, rule or Rule.SUS_5, **LIFTED)
    elif subscription.lapsed(draft.at):
        if subscription.term:
            # A new term takes the catalog's price; the first term keeps the ordered price (TRI-5).
            take_next_terms(draft, including=True)
        new_term(draft)
        draft.outcome = Outcome.REACTIVATED_NEW_TERM
        draft.message = "Reactivated after the end of its term; a new term begins now."
        rows = period_charges(draft.subscription, draft.at)
        draft.emit(EventName.REACTIVATED, rule or Rule.SUS_7, rows=rows, **LIFTED)
    else:
        _go_on(draft, rule)


def holds_to_lift(subscription: Subscription, command: Reactivate) -> tuple[Hold, ...]:
    """SUS-9: the holds that the command lifts: all, or those of its reason. The system lifts only its own."""
    if command.reason is None:
        return subscription.holds
    its_own = command.by == Party.SYSTEM
    return tuple(h for h in subscription.holds if h.reason is command.reason and (h.by == command.by or not its_own))


def lift(draft: Draft) -> None:
    """SUS-9: lift one of several holds. The subscription stays suspended and its deletion deadline stays.

    If a planned pause alone remains, nothing is deleted (SUS-11).
    """
    command, subscription = draft.command, draft.subscription
    assert isinstance(command, Reactivate)
    lifted = holds_to_lift(subscription, command)
    if not lifted:
        draft.unchanged(f"There is no hold for {command.reason} to lift.")
        return
    left = tuple(hold for hold in subscription.holds if hold not in lifted)
    draft.message = f"The hold for {command.reason} is lifted; still suspended for {', '.join(h.reason for h in left)}."
    deletes_at = None if all(hold.until for hold in left) else subscription.deletes_at
    draft.emit(EventName.HOLD_LIFTED, Rule.SUS_9, holds=left, deletes_at=deletes_at)


def end_pause(draft: Draft) -> None:
    """SUS-11: the planned pause is over; other holds remain, and so does the deletion deadline."""
    draft.emit(
        EventName.HOLD_LIFTED, Rule.SUS_11, holds=tuple(hold for hold in draft.subscription.holds if not hold.until)
    )


def _go_on(draft: Draft, rule: Rule | None) -> None:
    """In its term: the rest of a period that is not paid is charged (SUS-6)."""
    subscription = draft.subscription
    period = subscription.billing_period(subscription.period_at(draft.at))
    assert subscription.paid_through is not None
    unpaid = subscription.paid_through < period.end
    rows = rest_of_period(subscription, draft.at, draft.next_seq) if unpaid else ()
    rest = " and charged for the rest of the current period" if rows else ""
    draft.message = f"Reactivated{rest}."
    draft.update(period=subscription.period_at(draft.at), paid_through=period.end)
    draft.emit(EventName.REACTIVATED, rule or (Rule.SUS_6 if rows else Rule.SUS_5), rows=rows, **LIFTED)


def delete(draft: Draft) -> None:
    """SUS-3: the retention period is over: delete all data. Unbilled usage is billed (SUS-10)."""
    usage = usage_charge(draft.subscription, draft.at, final=True)
    draft.emit(EventName.DELETED, Rule.SUS_3, usage=usage, **LIFTED)
