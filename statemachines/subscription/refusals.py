"""Refusals of commands that the machine has no transition for: the rule, the reason, and what is allowed (LIF-1)."""

from datetime import datetime

from domain.roles import Action, parse_actor
from domain.rules import Rule
from domain.subscription.commands import ChangeQuantity, Command, Reactivate, ReportUsage, SetAddOn
from domain.subscription.decision import Answer, Outcome
from domain.subscription.events import State
from domain.subscription.holds import may_lift, who_may_lift
from domain.subscription.scheduled import When
from domain.subscription.subscription import Subscription
from domain.subscription.usage import Report
from domain.values import format_instant
from statemachines.subscription.changes import ASK_A_USER
from statemachines.subscription.suspension import holds_to_lift

_STATES: dict[Action, frozenset[State]] = {
    Action.CANCEL: frozenset({State.ACTIVE, State.SUSPENDED}),
    Action.SET_AUTO_RENEW: frozenset({State.PENDING, State.TRIAL, State.ACTIVE, State.SUSPENDED}),
    **dict.fromkeys((Action.CHANGE_QUANTITY, Action.REJECT_QUANTITY), frozenset({State.ACTIVE})),
    Action.REPORT_USAGE: frozenset({State.TRIAL, State.ACTIVE}),
    Action.DEPROVISION: frozenset({State.TRIAL, State.ACTIVE, State.SUSPENDED}),
    Action.REACTIVATE: frozenset({State.SUSPENDED}),
}
"""The states in which a command is refused for another reason than the state; in all others LIF-1 applies."""
_FROZEN = {
    State.PENDING: (Rule.TRI_6, "The quantities of a pending subscription are frozen. Ask again once it is active."),
    State.TRIAL: (Rule.TRI_6, "Quantities are frozen in the trial. Ask again once the paid term has begun."),
    State.SUSPENDED: (Rule.MON_4, "The quantities of a suspended subscription cannot be changed. Reactivate it first."),
}
"""Why a change cannot be made for the renewal in these states (REN-4)."""
_LAPSED = (
    "The term ended while the subscription was suspended, so nothing is left to renew. Reactivate or deprovision it."
)


def why_refused(subscription: Subscription, command: Command, allowed: list[str]) -> tuple[Rule, str]:
    """The rule and the message of the refusal; `allowed` are the names of the commands that are allowed now."""
    state, offer = subscription.state, subscription.offer
    if isinstance(command, ChangeQuantity | SetAddOn) and command.when is When.RENEWAL and state in _FROZEN:
        return _FROZEN[state]
    if state in _STATES.get(command.action, frozenset()):
        match command.action:
            case Action.CANCEL:
                return _not_cancellable(subscription)
            case Action.SET_AUTO_RENEW if not offer.marketplace:
                return Rule.REN_2, "Auto-renew can be changed only for marketplace offers."
            case Action.SET_AUTO_RENEW:
                return Rule.LIF_3, _LAPSED
            case Action.CHANGE_QUANTITY | Action.REJECT_QUANTITY if offer.metered:
                return Rule.CXL_6, "A usage offer has no quantity to change."
            case Action.REJECT_QUANTITY:
                return Rule.MON_4, _not_rejectable(subscription)
            case Action.REPORT_USAGE:
                return Rule.CXL_6, "Usage can be reported only for usage offers."
            case Action.DEPROVISION:
                return Rule.CXL_6, "Only usage offers can be deprovisioned. Cancel the subscription instead."
            case Action.REACTIVATE:
                return Rule.SUS_9, _not_liftable(subscription, command)
    if not allowed:
        return Rule.LIF_1, _ended(state)
    return (
        Rule.LIF_1,
        f"The subscription is {state}; {command.action} is not allowed. Allowed now: {', '.join(allowed)}.",
    )


def refused_by_its_end(state: State, action: Action, at: datetime, seq: int) -> Answer:
    """The refusal by a subscription that has ended, from its last state and event number alone (LIF-1)."""
    return Answer(at=at, do=action, outcome=Outcome.REFUSED, rule=Rule.LIF_1, message=_ended(state), seq=seq)


def activated_again(answer: Answer, state: State) -> Answer:
    """The answer to a publisher that sends `activate` again: it may have missed the first answer (ISV-4, MON-7).

    A subscription that is no longer pending and has not ended was activated, so the refusal becomes `unchanged`.
    """
    if not answer.refused or state is State.PENDING or state.ended:
        return answer
    words = {"outcome": Outcome.UNCHANGED, "rule": Rule.MON_7, "message": "The subscription is already activated."}
    return answer.model_copy(update=words)


def usage_by_books(answer: Answer, command: ReportUsage, known: Report | None, corrected: Report | None) -> Answer:
    """The answer to usage that the lifecycle accepted, after the books were read: the same if it is to be recorded.

    `known` is the report that has the id already: `unchanged` if it is the same, otherwise refused (MON-7). `corrected`
    is the one that the command corrects: it must be there, and be corrected by no other (USE-3).
    """
    if known is not None:
        same = (known.units, known.corrects) == (command.units, command.corrects)
        of = f", as a correction of {known.corrects}" if known.corrects else ""
        words = "" if same else f" with {known.units:f} units{of}; use a new usage_id"
        outcome = Outcome.UNCHANGED if same else Outcome.REFUSED
        return instead(answer, outcome, Rule.MON_7, f"Usage {command.usage_id} is already recorded{words}.")
    if command.corrects is None:
        return answer
    if corrected is None:
        words = f"`corrects`: no usage {command.corrects} is recorded. Give the usage_id of a recorded report."
        return instead(answer, Outcome.REFUSED, Rule.USE_3, words)
    if corrected.corrected_by is not None:
        words = f"`corrects`: usage {command.corrects} is already corrected. Correct {corrected.corrected_by} instead."
        return instead(answer, Outcome.REFUSED, Rule.USE_3, words)
    return answer


def instead(answer: Answer, outcome: Outcome, rule: Rule, message: str) -> Answer:
    """An answer with nothing done, in place of one that was to be recorded."""
    return answer.model_copy(update={"outcome": outcome, "rule": rule, "effective_at": None, "message": message})


def _ended(state: State) -> str:
    return f"The subscription has ended ({state}); no further changes are possible."


def _not_cancellable(subscription: Subscription) -> tuple[Rule, str]:
    if subscription.offer.metered:
        return Rule.CXL_6, "Usage offers cannot be returned or refunded. Deprovision the subscription instead."
    if not subscription.offer.marketplace:
        return Rule.CXL_1, "Only licence offers of an ISV can be cancelled here. Contact the publisher, Microsoft."
    return Rule.CXL_3, "The refund window has closed. Turn auto-renew off instead."


def _not_rejectable(subscription: Subscription) -> str:
    last = subscription.last_change
    if last is None:
        return "There is no quantity change to reject."
    words = (
        f"Event {last.seq} can no longer be rejected: its billing period ended at {format_instant(last.period_end)}."
    )
    return f"{words} {ASK_A_USER}"


def _not_liftable(subscription: Subscription, command: Command) -> str:
    actor = parse_actor(command.by)
    assert actor is not None
    asked = holds_to_lift(subscription, command) if isinstance(command, Reactivate) else ()
    standing = [hold.reason for hold in asked if not may_lift(actor, hold.reason)]
    words = "; ".join(f"the hold for {reason} can be lifted only by {who_may_lift(reason)}" for reason in standing)
    return f"No hold was lifted: {words}."
