"""Suspension: holds, the deletion deadline, reactivation and deletion."""

from typing import Any

from domain.roles import Party
from domain.rules import Rule
from domain.subscription.commands import Reactivate, Suspend
from domain.subscription.decision import Outcome
from domain.subscription.ends import deleted_at, deletion_instant, expires_at
from domain.subscription.events import EventName, State
from domain.subscription.holds import Hold
from domain.subscription.pricing import period_charges, rest_of_period, usage_charge
from domain.subscription.subscription import Subscription
from domain.values import format_instant
from statemachines.subscription.beginnings import new_term, take_next_terms
from statemachines.subscription.draft import Draft

LIFTED: dict[str, Any] = {"holds": (), "deletes_at": None, "unbilled": None}
"""The fields of a subscription without holds."""


def suspend(draft: Draft) -> None:
    """SUS-1, SUS-9: place a hold. The deletion deadline counts from the first one (SUS-3, SUS-4)."""
    command, subscription = draft.command, draft.subscription
    assert isinstance(command, Suspend)
    if any(hold.reason is command.reason for hold in subscription.holds):
        draft.unchanged(f"There is already a hold for {command.reason}.")
        return
    first_billing = subscription.first_billing or draft.at
    deletes_at = subscription.deletes_at or deletion_instant(
        draft.at, subscription.policy, subscription.account_opened, first_billing
    )
    # Not after the end of the term (LIF-3): with auto-renew off it would expire at once, in the past.
    turns_off = subscription.policy.suspension_turns_auto_renew_off and not subscription.lapsed(draft.at)
    auto_renew = subscription.auto_renew and not turns_off
    draft.emit(
        EventName.SUSPENDED,
        Rule.SUS_1,
        holds=(*subscription.holds, Hold(reason=command.reason, at=draft.at, by=command.by)),
        deletes_at=deletes_at,
        auto_renew=auto_renew,
    )
    now_off = " The suspension turned auto-renew off." if subscription.auto_renew else " Auto-renew is off."
    draft.message = f"Suspended.{'' if auto_renew else now_off} {end_in_words(draft.subscription)}"
    draft.tells_end = True


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
    subscription = draft.subscription
    if draft.target is State.TRIAL:
        draft.message = "Reactivated; the trial continues."
        draft.emit(EventName.REACTIVATED, Rule.SUS_5, **LIFTED)
    elif subscription.lapsed(draft.at):
        if subscription.term:
            # A new term takes the catalog's price; the first term keeps the ordered price (TRI-5).
            take_next_terms(draft, including=True)
        new_term(draft)
        draft.outcome = Outcome.REACTIVATED_NEW_TERM
        draft.message = "Reactivated after the end of its term; a new term begins now."
        rows = period_charges(draft.subscription, draft.at)
        draft.emit(EventName.REACTIVATED, Rule.SUS_7, rows=rows, **LIFTED)
    else:
        _resume(draft)


def holds_to_lift(subscription: Subscription, command: Reactivate) -> tuple[Hold, ...]:
    """SUS-9: the holds that the command lifts: all, or those of its reason. The system lifts only its own."""
    if command.reason is None:
        return subscription.holds
    its_own = command.by == Party.SYSTEM
    return tuple(h for h in subscription.holds if h.reason is command.reason and (h.by == command.by or not its_own))


def lift(draft: Draft) -> None:
    """SUS-9: lift one of several holds. The subscription stays suspended and its deletion deadline stays."""
    command, subscription = draft.command, draft.subscription
    assert isinstance(command, Reactivate)
    lifted = holds_to_lift(subscription, command)
    if not lifted:
        draft.unchanged(f"There is no hold for {command.reason} to lift.")
        return
    left = tuple(hold for hold in subscription.holds if hold not in lifted)
    draft.message = f"The hold for {command.reason} is lifted; still suspended for {', '.join(h.reason for h in left)}."
    draft.emit(EventName.HOLD_LIFTED, Rule.SUS_9, holds=left)


def _resume(draft: Draft) -> None:
    subscription = draft.subscription
    period = subscription.billing_period(subscription.period_at(draft.at))
    assert subscription.paid_through is not None
    unpaid = subscription.paid_through < period.end
    rows = rest_of_period(subscription, draft.at, draft.next_seq) if unpaid else ()
    rest = " and charged for the rest of the current period" if rows else ""
    draft.message = f"Reactivated{rest}."
    draft.update(period=subscription.period_at(draft.at), paid_through=period.end)
    draft.emit(EventName.REACTIVATED, Rule.SUS_6 if rows else Rule.SUS_5, rows=rows, **LIFTED)


def delete(draft: Draft) -> None:
    """SUS-3: the retention period is over: delete all data. Unbilled usage is billed (SUS-10)."""
    usage = usage_charge(draft.subscription, draft.at, final=True)
    draft.emit(EventName.DELETED, Rule.SUS_3, usage=usage, **LIFTED)
