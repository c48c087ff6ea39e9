"""The machine: every state x event cell, under the guards that matter (DESIGN section 3; LIF-1, LIF-2)."""

import ast
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import pytest

from domain.roles import Action
from domain.subscription.events import State
from statemachines.subscription.lifecycle import DOES
from statemachines.subscription.machine import Cursor, Machine, SubscriptionMachine, Transition
from statemachines.subscription.timeline import What

P, T, A, S = State.PENDING, State.TRIAL, State.ACTIVE, State.SUSPENDED
GUARDS = [field.name for field in fields(Cursor) if field.name != "state"]
NONE = dict.fromkeys(GUARDS, False)
ALL = dict.fromkeys(GUARDS, True)
MACHINE = Machine()
EVENTS = sorted({str(transition.event) for state in SubscriptionMachine.states for transition in state.transitions})

Facts = dict[str, bool]
"""Guards that are true; the others are false."""


def on(*names: str) -> Facts:
    """Those guards true, the others false."""
    assert set(names) <= set(GUARDS)
    return {**NONE, **dict.fromkeys(names, True)}


# For each cell the guards and where they lead; None is a refusal. A cell that is not here takes nothing.
CELLS: dict[tuple[State, str], list[tuple[Facts, State | None]]] = {
    (P, "purchase"): [
        (on(), A),
        (on("waits_for_publisher"), P),
        (on("offers_trial"), P),
        (on("waits_for_publisher", "offers_trial"), P),
        (on("begins_later"), P),
        (on("begins_later", "waits_for_publisher"), P),
        (on("begins_later", "offers_trial"), P),
    ],
    (P, "begin"): [(on(), A), (on("offers_trial"), P)],
    (P, "activate"): [
        (on(), None),
        (on("offers_trial"), None),
        (on("waits_for_publisher"), A),
        (on("waits_for_publisher", "offers_trial"), P),
        (on("waits_for_publisher", "begins_later"), P),
        (on("waits_for_publisher", "begins_later", "offers_trial"), P),
        (on("waits_for_publisher", "activated"), None),
        (on("waits_for_publisher", "activated", "begins_later"), None),
        (on("waits_for_publisher", "activated", "offers_trial"), None),
    ],
    (P, "start_trial"): [(on(), None), (on("offers_trial"), T)],
    (P, "activation_deadline"): [
        (on(), None),
        (on("waits_for_publisher"), State.CANCELLED),
        (on("waits_for_publisher", "activated"), None),
    ],
    (P, "cancel"): [(on(), State.CANCELLED), (ALL, State.CANCELLED)],
    (T, "trial_end"): [(on(), None), (on("auto_renew"), A)],
    (T, "cancel"): [(on(), State.CANCELLED), (ALL, State.CANCELLED)],
    (A, "charge_period"): [(on(), A), (ALL, A)],
    **{(A, event): [(on(), None), (on("auto_renew"), A)] for event in ("announce_renewal", "renew")},
    (A, "change_quantity"): [(on(), A), (on("metered"), None)],
    (A, "reject_quantity"): [
        (on(), None),
        (on("quantity_rejectable"), A),
        (on("quantity_rejectable", "metered"), None),
    ],
    **{(state, "undo_scheduled_changes"): [(on(), None), (on("changes_scheduled"), state)] for state in (A, S)},
    (A, "set_add_on"): [(on(), A), (on("metered"), A)],
    (A, "cancel"): [
        (on(), None),
        (on("refund_open"), State.CANCELLED),
        (on("late_cancel_allowed"), A),
        (on("refund_open", "late_cancel_allowed"), State.CANCELLED),
    ],
    (S, "charge_period"): [(on(), None), (on("something_to_bill"), S)],
    (S, "reactivate"): [
        (on(), None),
        (on("in_free_trial"), None),
        (on("every_hold_liftable"), A),
        (on("every_hold_liftable", "leavable"), A),
        (on("every_hold_liftable", "stranded"), A),
        (on("every_hold_liftable", "in_free_trial"), T),
        (on("hold_remains"), None),
        (on("every_hold_liftable", "hold_remains"), S),
        (on("every_hold_liftable", "hold_remains", "in_free_trial"), S),
    ],
    (S, "resume"): [
        (on(), S),
        (on("in_free_trial"), S),
        (on("pause_alone"), A),
        (on("pause_alone", "in_free_trial"), T),
    ],
    (S, "delete"): [(on(), State.DELETED), (ALL, State.DELETED)],
    (S, "cancel"): [
        (on(), None),
        (on("refund_open"), State.CANCELLED),
        (on("in_free_trial"), State.CANCELLED),
        (on("late_cancel_allowed"), S),
        (on("late_cancel_allowed", "refund_open"), State.CANCELLED),
        (on("late_cancel_allowed", "in_free_trial"), State.CANCELLED),
        (on("leavable"), State.CANCELLED),
        (on("late_cancel_allowed", "leavable"), State.CANCELLED),
    ],
    (S, "set_auto_renew"): [
        (on(), None),
        (on("marketplace"), S),
        (on("marketplace", "leavable"), S),
        (on("leavable", "ends_now"), None),
        (on("marketplace", "leavable", "ends_now"), State.EXPIRED),
        (on("marketplace", "stranded"), None),
    ],
    **{(state, "set_auto_renew"): [(on(), None), (on("marketplace"), state)] for state in (P, T, A)},
    **{(state, "change_price"): [(on(), state), (ALL, state)] for state in (P, T, A, S)},
    **{(state, "report_usage"): [(on(), None), (on("metered"), state)] for state in (T, A)},
    **{(state, "suspend"): [(on(), S), (ALL, S)] for state in (T, A, S)},
    **{(state, "expire"): [(on(), State.EXPIRED), (on("auto_renew"), None)] for state in (T, A, S)},
    **{(state, "deprovision"): [(on(), None), (on("metered"), State.DEPROVISIONED)] for state in (T, A, S)},
}


def place(state: State, facts: Facts) -> Cursor:
    """That place in the machine."""
    cursor = Cursor(state=state.value)
    cursor.__dict__.update(facts)
    return cursor


def target(state: State, event: str, facts: Facts) -> State | None:
    """Where the machine goes from there."""
    cursor = place(state, facts)
    before = replace(cursor)
    chosen = MACHINE.send(cursor, event)
    assert cursor == before, "the machine must leave what it was given"
    if chosen is None:
        return None
    assert (chosen.event, chosen.source) == (event, state)
    return chosen.target


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", State)
def test_lif_1_every_cell_is_a_target_or_a_refusal(state: State, event: str) -> None:
    cases = CELLS.get((state, event), [(NONE, None), (ALL, None), *((on(guard), None) for guard in GUARDS)])
    assert [target(state, event, facts) for facts, _ in cases] == [expected for _, expected in cases]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", [state for state in State if state.ended])
def test_lif_2_terminal_states_stay_terminal(state: State, event: str) -> None:
    assert (state, event) not in CELLS
    assert target(state, event, ALL) is None
    assert target(state, event, NONE) is None


@pytest.mark.parametrize(("state", "event"), CELLS)
def test_no_other_guard_has_a_say(state: State, event: str) -> None:
    """Each case again with one more fact turned over that the cell does not name."""
    named = {guard for facts, _ in CELLS[state, event] if facts is not ALL for guard in GUARDS if facts[guard]}
    for facts, expected in CELLS[state, event]:
        for guard in set(GUARDS) - named:
            turned = {**facts, guard: not facts[guard]}
            assert target(state, event, turned) == expected, guard


@pytest.mark.parametrize("state", State)
def test_lif_1_what_is_allowed_is_what_would_be_taken(state: State) -> None:
    for facts in (NONE, ALL, *(on(guard) for guard in GUARDS)):
        allowed = MACHINE.allowed(place(state, facts))
        assert allowed == {event for event in EVENTS if target(state, event, facts)}


def in_the_machine() -> set[Transition]:
    """The transitions of the class."""
    return {
        Transition(transition.event, State(transition.source.value), State(transition.target.value))
        for state in SubscriptionMachine.states
        for transition in state.transitions
    }


def test_each_transition_does_something_and_nothing_else_is_done() -> None:
    assert set(DOES) == in_the_machine()


def test_the_table_above_names_every_transition() -> None:
    found = {Transition(e, s, to) for (s, e), cases in CELLS.items() for _, to in cases if to is not None}
    assert found == in_the_machine()


def test_every_command_and_every_milestone_has_an_event() -> None:
    # Late usage is settled after the end: no transition, for the state stays (LIF-2).
    slept_to = {what.value for what in What} - {"refund_window_closes", "settle_usage"}
    commands = {action.value for action in Action} - {"buy"}
    assert set(EVENTS) == commands | slept_to | {"purchase", "start_trial"}


def test_one_machine_serves_one_life_after_another() -> None:
    """A final state that was reached does not stick."""
    machine = Machine()
    ending = Cursor(state="suspended")
    assert machine.send(ending, "delete") == Transition("delete", S, State.DELETED)
    assert machine.send(Cursor(state="active"), "suspend") == Transition("suspend", A, S)
    assert machine.send(Cursor(state="deleted"), "suspend") is None


def test_building_a_chart_parses_no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads of a worker build charts at once, and CPython 3.11 limits the depth of parsing across all threads."""

    def refuse(*_: object, **__: object) -> ast.AST:
        raise AssertionError("a guard is a string: make it a function")

    monkeypatch.setattr(ast, "parse", refuse)
    assert Machine().send(Cursor(), "purchase") is not None


def test_the_chart_is_asked_once_of_each_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it said is kept, of refusals too; another place, and another event there, are asked anew."""
    machine = Machine()
    active, off = Cursor(state=A.value, **on("auto_renew")), Cursor(state=A.value, **on())
    first = machine.send(active, "renew"), machine.send(off, "renew"), machine.allowed(active), machine.allowed(off)
    assert first[:2] == (Transition("renew", A, A), None)
    assert first[2] != first[3]

    def twice(place: Cursor, *_: object) -> None:
        raise AssertionError(place)

    monkeypatch.setattr(machine, "_chart_at", twice)
    again = machine.send(active, "renew"), machine.send(off, "renew"), machine.allowed(active), machine.allowed(off)
    assert again == first
    with pytest.raises(AssertionError):
        machine.send(active, "expire")


def test_threads_that_share_a_machine_get_the_answers_of_their_own_questions() -> None:
    """A worker runs workflows in several threads, and they all ask the machine of the process."""
    asked = [
        (Cursor(state=state.value, **facts), event) for (state, event), cases in CELLS.items() for facts, _ in cases
    ]
    alone = [(Machine().send(place, event), Machine().allowed(place)) for place, event in asked]
    shared = Machine()

    def answers(_: int) -> list[tuple[Transition | None, frozenset[str]]]:
        return [(shared.send(place, event), shared.allowed(place)) for place, event in asked]

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(answers, range(4))) == [alone] * 4
    finally:
        sys.setswitchinterval(before)
