"""`decide` acts on the transition that the machine chose: take any one away, and a life that needs it is refused.

A decision that looked at the state instead would go on without the transition, and fail here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from domain.subscription.events import State
from statemachines.subscription.life import LifeSteps
from statemachines.subscription.lifecycle import DOES, ImpossibleMilestone, Lifecycle
from statemachines.subscription.machine import Machine, SubscriptionMachine, Transition
from tests.support.simulated.life import ALife, Facts, an_order, told

P, T, A, S = State.PENDING, State.TRIAL, State.ACTIVE, State.SUSPENDED
CANCELLED, EXPIRED, DEPROVISIONED = State.CANCELLED, State.EXPIRED, State.DEPROVISIONED

Step = tuple[str, str, Facts]

SET_UP: Facts = {"setup": "publisher"}
TRIAL: Facts = {"trial_days": 30}
USAGE: Facts = {"billing_type": "usage", "unit_price": "0.25"}
LATER: Facts = {"begins_at": "2026-02-01T00:00:00Z"}
NCE: Facts = {"policy": "nce-2022"}

# An order on 2026-01-15; what brings the life to where the transition is needed; and the need: a command, or
# an instant to live to.
SUSPEND: Step = ("2026-01-17", "suspend", {})
PAUSE: Step = ("2026-01-17", "suspend", {"until": "2026-02-01T00:00:00Z"})
FRAUD: Facts = {"reason": "fraud"}
SCHEDULE: Step = ("2026-01-16", "change_quantity", {"quantity": 5, "when": "renewal"})
OFF: Step = ("2026-01-16", "set_auto_renew", {"enabled": False})
LIVES: dict[Transition, tuple[Facts, list[Step], Step | str]] = {
    Transition("activate", P, A): (SET_UP, [], ("2026-01-16", "activate", {})),
    Transition("activate", P, P): ({**SET_UP, **TRIAL}, [], ("2026-01-16", "activate", {})),
    Transition("begin", P, A): (LATER, [], "2026-02-02"),
    Transition("begin", P, P): ({**LATER, **TRIAL}, [], "2026-02-02"),
    Transition("trial_end", T, A): (TRIAL, [], "2026-03-01"),
    Transition("charge_period", A, A): ({"term": "P1Y"}, [], "2026-02-16"),
    Transition("charge_period", S, S): ({"term": "P1Y", **NCE}, [SUSPEND], "2026-02-16"),
    Transition("announce_renewal", A, A): ({"announce_days": 7}, [], "2026-02-09"),
    Transition("renew", A, A): ({}, [], "2026-02-16"),
    Transition("change_quantity", A, A): ({}, [], ("2026-01-17", "change_quantity", {"quantity": 5})),
    Transition("reject_quantity", A, A): (
        {},
        [("2026-01-17", "change_quantity", {"quantity": 5})],
        ("2026-01-17", "reject_quantity", {"sequence": 2}),
    ),
    Transition("set_add_on", A, A): (
        {"add_ons": [{"id": "backup", "unit_price": "1"}]},
        [],
        ("2026-01-17", "set_add_on", {"add_on": "backup", "quantity": 1}),
    ),
    Transition("undo_scheduled_changes", A, A): ({}, [SCHEDULE], ("2026-01-17", "undo_scheduled_changes", {})),
    Transition("undo_scheduled_changes", S, S): ({}, [SCHEDULE, SUSPEND], ("2026-01-18", "undo_scheduled_changes", {})),
    Transition("set_auto_renew", P, P): (SET_UP, [], OFF),
    Transition("set_auto_renew", T, T): (TRIAL, [], OFF),
    Transition("set_auto_renew", A, A): ({}, [], OFF),
    Transition("set_auto_renew", S, S): ({}, [SUSPEND], ("2026-01-18", "set_auto_renew", {"enabled": False})),
    Transition("set_auto_renew", S, EXPIRED): ({}, [SUSPEND], ("2026-02-18", "set_auto_renew", {"enabled": False})),
    Transition("change_price", P, P): (SET_UP, [], ("2026-01-17", "change_price", {"unit_price": "1"})),
    Transition("change_price", T, T): (TRIAL, [], ("2026-01-17", "change_price", {"unit_price": "1"})),
    Transition("change_price", A, A): ({}, [], ("2026-01-17", "change_price", {"unit_price": "1"})),
    Transition("change_price", S, S): ({}, [SUSPEND], ("2026-01-18", "change_price", {"unit_price": "1"})),
    Transition("report_usage", T, T): ({**USAGE, **TRIAL}, [], ("2026-01-17", "report_usage", {"units": 1})),
    Transition("report_usage", A, A): (USAGE, [], ("2026-01-17", "report_usage", {"units": 1})),
    Transition("suspend", T, S): (TRIAL, [], SUSPEND),
    Transition("suspend", A, S): ({}, [], SUSPEND),
    Transition("suspend", S, S): ({}, [SUSPEND], ("2026-01-18", "suspend", FRAUD)),
    Transition("reactivate", S, T): (TRIAL, [SUSPEND], ("2026-01-18", "reactivate", {})),
    Transition("reactivate", S, A): ({}, [SUSPEND], ("2026-01-18", "reactivate", {})),
    Transition("reactivate", S, S): (
        {},
        [SUSPEND, ("2026-01-18", "suspend", {"reason": "nonpayment"})],
        ("2026-01-19", "reactivate", {"reason": "nonpayment"}),
    ),
    Transition("resume", S, T): (TRIAL, [PAUSE], "2026-02-02"),
    Transition("resume", S, A): ({}, [PAUSE], "2026-02-02"),
    Transition("resume", S, S): ({}, [PAUSE, ("2026-01-18", "suspend", FRAUD)], "2026-02-02"),
    Transition("delete", S, State.DELETED): ({}, [SUSPEND], "2026-12-31"),
    Transition("activation_deadline", P, CANCELLED): (SET_UP, [], "2026-12-31"),
    Transition("cancel", P, CANCELLED): (SET_UP, [], ("2026-01-17", "cancel", {})),
    Transition("cancel", T, CANCELLED): (TRIAL, [], ("2026-01-17", "cancel", {})),
    Transition("cancel", A, CANCELLED): ({}, [], ("2026-01-15T10:00:00Z", "cancel", {})),
    Transition("cancel", A, A): ({}, [], ("2026-01-17", "cancel", {})),
    Transition("cancel", S, CANCELLED): (NCE, [SUSPEND], ("2026-01-18", "cancel", {})),
    Transition("cancel", S, S): ({}, [SUSPEND], ("2026-01-18", "cancel", {})),
    Transition("expire", T, EXPIRED): (TRIAL, [OFF], "2026-12-31"),
    Transition("expire", A, EXPIRED): ({}, [OFF], "2026-12-31"),
    Transition("expire", S, EXPIRED): ({}, [OFF, SUSPEND], "2026-12-31"),
    Transition("deprovision", T, DEPROVISIONED): ({**USAGE, **TRIAL}, [], ("2026-01-17", "deprovision", {})),
    Transition("deprovision", A, DEPROVISIONED): (USAGE, [], ("2026-01-17", "deprovision", {})),
    Transition("deprovision", S, DEPROVISIONED): (USAGE, [SUSPEND], ("2026-01-18", "deprovision", {})),
}
STILL_ALLOWED = {Transition("reactivate", S, S), Transition("set_auto_renew", S, EXPIRED)}
"""Without them all holds together can still be lifted, and auto-renew be set to what it is."""

ORDERS: dict[Transition, Facts] = {
    Transition("purchase", P, A): {},
    Transition("purchase", P, P): SET_UP,
    Transition("start_trial", P, T): TRIAL,
}
"""Transitions that the order itself needs."""


@contextmanager
def without(transition: Transition) -> Iterator[Callable[[Facts], ALife]]:
    """Lives on a machine that lacks the transition: it is really taken out of the class, and put back."""
    (source,) = (state for state in SubscriptionMachine.states if state.value == transition.source.value)
    kept = source.transitions.transitions
    lacking = [
        each
        for each in kept
        if not (each.event == transition.event and each.target is not None and each.target.value == transition.target)
    ]
    assert len(lacking) == len(kept) - 1
    source.transitions.transitions = lacking
    try:
        living = LifeSteps(Lifecycle(Machine()))
        yield lambda facts: begun(facts, living)
    finally:
        source.transitions.transitions = kept


def begun(facts: Facts, living: LifeSteps) -> ALife:
    """A life on 2026-01-15: of facts, policy and beginning are the order's, and the others the offer's."""
    order = {name: value for name, value in facts.items() if name in {"policy", "begins_at"}}
    offer = {name: value for name, value in facts.items() if name not in order}
    return ALife(an_order(offer, **order), living)


def need(life: ALife, steps: list[Step], needs: Step | str) -> str:
    """Go there and ask: the answer's outcome, or `lived` where only time had to pass."""
    for at, do, fields in steps:
        assert told(life.ask(at, do, **fields)).startswith("done")
    if isinstance(needs, str):
        life.until(needs)
        return "lived"
    at, do, fields = needs
    return life.ask(at, do, **fields).outcome.value


def test_there_is_a_life_for_every_transition() -> None:
    assert {*LIVES, *ORDERS} == set(DOES)


@pytest.mark.parametrize("transition", LIVES, ids=str)
def test_a_life_that_needs_the_transition_is_refused_without_it(transition: Transition) -> None:
    facts, steps, needs = LIVES[transition]
    whole = begun(facts, LifeSteps())
    assert need(whole, steps, needs) not in {"refused", "unchanged"}
    if isinstance(needs, str):
        with without(transition) as lives, pytest.raises(ImpossibleMilestone, match=transition.event):
            need(lives(facts), steps, needs)
        return
    with without(transition) as lives:
        life = lives(facts)
        assert need(life, steps, needs) == "refused"
        assert life.state == transition.source.value
        if transition not in STILL_ALLOWED:
            assert transition.event not in Lifecycle(Machine()).allowed(life.subscription, life.now)


@pytest.mark.parametrize("transition", ORDERS, ids=str)
def test_an_order_that_needs_the_transition_does_not_begin_without_it(transition: Transition) -> None:
    facts = ORDERS[transition]
    assert begun(facts, LifeSteps()).names
    with without(transition) as lives, pytest.raises(AssertionError):
        lives(facts)
