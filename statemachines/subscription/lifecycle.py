"""The lifecycle: decides commands and milestones. Pure: no clock, no I/O, no Temporal."""

from collections.abc import Callable
from datetime import datetime

from domain.catalog.offers import Setup
from domain.ordering.terms import Order
from domain.roles import Action, Denial, Party, denial, parse_actor
from domain.rules import Rule
from domain.subscription.commands import (
    Activate,
    Command,
    Expected,
    Reactivate,
    ReportUsage,
    SetAutoRenew,
    Suspend,
    UndoScheduledChanges,
)
from domain.subscription.decision import Answer, Decision, Outcome
from domain.subscription.ends import late_cancel_allowed, leavable, refund_open
from domain.subscription.events import State
from domain.subscription.holds import Reason, may_lift
from domain.subscription.pricing import billed_while_suspended
from domain.subscription.subscription import Subscription
from domain.values import format_instant
from statemachines.subscription import beginnings, billing, changes, endings, scheduling, suspension
from statemachines.subscription.draft import Draft
from statemachines.subscription.machine import MACHINE, Cursor, Machine, Transition
from statemachines.subscription.refusals import why_refused
from statemachines.subscription.suspension import holds_to_lift
from statemachines.subscription.timeline import Milestone, What, next_milestone

P, T, A, S = State.PENDING, State.TRIAL, State.ACTIVE, State.SUSPENDED

DOES: dict[Transition, Callable[[Draft], None]] = {
    Transition("purchase", P, A): beginnings.purchase,
    Transition("purchase", P, P): beginnings.purchase,
    Transition("activate", P, A): beginnings.activate,
    Transition("activate", P, P): beginnings.activate,
    Transition("begin", P, A): beginnings.begin,
    Transition("begin", P, P): beginnings.begin,
    Transition("start_trial", P, T): beginnings.start_trial,
    Transition("trial_end", T, A): beginnings.convert,
    Transition("charge_period", A, A): billing.charge_period,
    Transition("charge_period", S, S): billing.charge_period,
    Transition("announce_renewal", A, A): billing.announce,
    Transition("renew", A, A): billing.renew,
    Transition("change_quantity", A, A): changes.change_quantity,
    Transition("reject_quantity", A, A): changes.reject_quantity,
    Transition("set_add_on", A, A): changes.set_add_on,
    **{Transition("undo_scheduled_changes", s, s): scheduling.undo_scheduled_changes for s in (A, S)},
    **{Transition("set_auto_renew", s, s): changes.set_auto_renew for s in (P, T, A, S)},
    Transition("set_auto_renew", S, State.EXPIRED): endings.stop_renewing,
    **{Transition("change_price", s, s): changes.change_price for s in (P, T, A, S)},
    **{Transition("report_usage", s, s): changes.report_usage for s in (T, A)},
    **{Transition("suspend", s, S): suspension.suspend for s in (T, A, S)},
    Transition("reactivate", S, T): suspension.reactivate,
    Transition("reactivate", S, A): suspension.reactivate,
    Transition("reactivate", S, S): suspension.lift,
    Transition("resume", S, T): suspension.resume,
    Transition("resume", S, A): suspension.resume,
    Transition("resume", S, S): suspension.end_pause,
    Transition("delete", S, State.DELETED): suspension.delete,
    Transition("activation_deadline", P, State.CANCELLED): endings.miss_activation,
    Transition("cancel", P, State.CANCELLED): endings.withdraw,
    Transition("cancel", T, State.CANCELLED): endings.leave_trial,
    Transition("cancel", A, State.CANCELLED): endings.end_for_credit,
    Transition("cancel", A, A): endings.schedule,
    Transition("cancel", S, State.CANCELLED): endings.end_suspended,
    Transition("cancel", S, S): endings.schedule,
    **{Transition("expire", s, State.EXPIRED): endings.expire for s in (T, A, S)},
    **{Transition("deprovision", s, State.DEPROVISIONED): endings.deprovision for s in (T, A, S)},
}
"""The function that carries out each transition of the machine."""


class ImpossibleMilestone(Exception):
    """The machine has no transition for a milestone of the timeline: a bug, never the caller's fault."""


class Lifecycle:
    """Makes the decisions, by what the machine says."""

    def __init__(self, machine: Machine = MACHINE) -> None:
        self._machine = machine

    def begin(self, order: Order) -> Decision:
        """Decide the purchase, and start the trial if no set-up comes first (BUY-4, TRI-1)."""
        subscription = order.subscription()
        draft = self._take(subscription, "purchase", order.at, None)
        assert draft is not None
        decision = draft.decision()
        # The buyer is the actor of its events (ROL-3).
        events = tuple(event.model_copy(update={"by": order.by}) for event in decision.events)
        return decision.model_copy(update={"events": events})

    def decide(self, subscription: Subscription, ask: Command | Milestone, now: datetime) -> Decision:
        """Decide a command at `now`, or a milestone at its own instant.

        The subscription must have passed every earlier milestone: call `catch_up` first. Raises ImpossibleMilestone.
        """
        if isinstance(ask, Milestone):
            settles = ask.what is What.SETTLE_USAGE
            draft = _settled(subscription, ask) if settles else self._take(subscription, ask.what, ask.at, None)
            if draft is None:
                raise ImpossibleMilestone(f"{ask.what} at {format_instant(ask.at)} in {subscription.state}")
            return draft.decision()
        denied = denial(ask.by, ask.action, subscription.roles) or _denied_hold(ask)
        if denied:
            return _refused(subscription, ask, now, denied.rule, denied.message)
        draft = self._take(subscription, ask.action, now, ask) or _without_transition(subscription, ask, now)
        if draft is None:
            rule, words = why_refused(subscription, ask, self.allowed(subscription, now))
            return _refused(subscription, ask, now, rule, words)
        return _as_expected(subscription, ask, draft.decision())

    def catch_up(self, subscription: Subscription, now: datetime) -> list[Decision]:
        """The decisions of all milestones due at or before `now`, in order, each dated by its schedule (TIM-5)."""
        decisions: list[Decision] = []
        while (milestone := next_milestone(subscription)) and milestone.at <= now:
            decisions.append(self.decide(subscription, milestone, now))
            subscription = decisions[-1].subscription
        return decisions

    def allowed(self, subscription: Subscription, now: datetime) -> list[str]:
        """The names of the commands that the subscription allows now (LIF-1)."""
        events = self._machine.allowed(_cursor(subscription, now, None))
        return [action.value for action in Action if action.value in events]

    def _take(self, subscription: Subscription, event: str, at: datetime, command: Command | None) -> Draft | None:
        """Send the event to the machine and carry out the transition that it chose; None if it chose none."""
        transition = self._machine.send(_cursor(subscription, at, command), event)
        if transition is None:
            return None
        draft = Draft(subscription, at, transition.target, command)
        DOES[transition](draft)
        if _trial_follows(transition, draft.subscription, at):
            follow = self._machine.send(_cursor(draft.subscription, at, command), "start_trial")
            assert follow is not None
            draft.target = follow.target
            DOES[follow](draft)
            draft.rule = Rule(draft.events[0].rule)
        return draft


def _without_transition(subscription: Subscription, command: Command, now: datetime) -> Draft | None:
    """What is answered though the state does not show it as allowed; the state stays.

    USE-1: usage of before is taken in states that allow no new usage, and in final ones. MON-7: where changes can be
    scheduled, to undo none changes nothing, and neither does to activate twice what begins later.
    """
    state, draft = subscription.state, Draft(subscription, now, subscription.state, command)
    if isinstance(command, ReportUsage) and subscription.offer.metered and not state.users_have_access:
        changes.report_usage(draft)
    elif isinstance(command, Activate) and state is P and subscription.activated:
        beginnings.activate_again(draft)
    elif isinstance(command, UndoScheduledChanges) and state in {A, S} and not subscription.scheduled_changes:
        scheduling.undo_scheduled_changes(draft)
    else:
        return None
    return draft


def _settled(subscription: Subscription, milestone: Milestone) -> Draft:
    """USE-2: late usage is settled after the end; the state stays final (LIF-2)."""
    draft = Draft(subscription, milestone.at, subscription.state, None)
    billing.settle_usage(draft)
    return draft


def _trial_follows(transition: Transition, subscription: Subscription, now: datetime) -> bool:
    """Whether its trial starts with the last thing that it waited for: the order, the set-up or the agreed instant."""
    begins = transition.event in {"purchase", "activate", "begin"} and transition.target is State.PENDING
    if not begins or not subscription.offer.trial_days or subscription.waits_to_begin(now):
        return False
    return transition.event != "purchase" or subscription.offer.setup is not Setup.PUBLISHER


def _cursor(subscription: Subscription, now: datetime, command: Command | None) -> Cursor:
    """The subscription's state and the facts that the machine's guards read."""
    offer = subscription.offer
    actor = parse_actor(command.by) if command else None
    to_lift = holds_to_lift(subscription, command) if isinstance(command, Reactivate) else subscription.holds
    can_leave = leavable(subscription, now)
    suspended_in_term = subscription.state is State.SUSPENDED and subscription.term is not None
    return Cursor(
        state=subscription.state.value,
        metered=offer.metered,
        marketplace=offer.marketplace,
        offers_trial=offer.trial_days > 0,
        waits_for_publisher=offer.setup is Setup.PUBLISHER,
        begins_later=subscription.waits_to_begin(now),
        activated=subscription.activated,
        auto_renew=subscription.auto_renew,
        in_free_trial=subscription.in_free_trial(now),
        leavable=can_leave,
        stranded=subscription.lapsed(now) and not can_leave,
        ends_now=can_leave and isinstance(command, SetAutoRenew) and not command.enabled,
        quantity_rejectable=subscription.quantity_rejectable(now),
        refund_open=refund_open(subscription, now),
        late_cancel_allowed=late_cancel_allowed(subscription, now),
        every_hold_liftable=actor is None or all(may_lift(actor, hold.reason) for hold in to_lift),
        hold_remains=len(to_lift) < len(subscription.holds),
        changes_scheduled=bool(subscription.scheduled_changes),
        pause_alone=all(hold.until for hold in subscription.holds),
        something_to_bill=suspended_in_term and billed_while_suspended(subscription, now),
    )


def _denied_hold(command: Command) -> Denial | None:
    """ROL-4: the system (dunning) may place only a hold for nonpayment."""
    if isinstance(command, Suspend) and command.by == Party.SYSTEM and command.reason is not Reason.NONPAYMENT:
        return Denial(rule=Rule.ROL_4, message="The system may suspend for nonpayment only.")
    return None


def _refused(subscription: Subscription, command: Command, now: datetime, rule: Rule, message: str) -> Decision:
    answer = Answer(
        at=now, do=command.action, outcome=Outcome.REFUSED, rule=rule, message=message, seq=subscription.seq
    )
    return Decision(subscription=subscription, answer=answer)


def _as_expected(subscription: Subscription, command: Command, decision: Decision) -> Decision:
    """The decision, or a refusal if it differs from what the person confirmed (CXL-1)."""
    answer, expected = decision.answer, command.expected
    assert answer is not None
    if expected is None or answer.outcome in {Outcome.REFUSED, Outcome.UNCHANGED}:
        return decision
    now_shown = Expected(outcome=answer.outcome, credit=answer.credit, charge=answer.charge)
    if now_shown == expected:
        return decision
    words = f"Nothing was done: the result is no longer what was shown. It would now be: {answer.message}"
    return _refused(subscription, command, answer.at, Rule(answer.rule), words)
