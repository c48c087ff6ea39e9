"""The invoice's machine: every state x event cell, under every combination of its guards (MON-5, MON-6)."""

from dataclasses import fields, replace
from itertools import product

import pytest

from domain.account.invoice import InvoiceState
from domain.roles import AccountAction
from statemachines.account.accounting import CHASED, DOES, NOT_CHASED
from statemachines.account.machine import InvoiceMachine, InvoicePlace, Invoices, InvoiceTransition
from statemachines.account.timeline import AccountWhat

OPEN, ISSUED, OVERDUE = InvoiceState.OPEN, InvoiceState.ISSUED, InvoiceState.OVERDUE
PAID, CARRIED = InvoiceState.PAID, InvoiceState.CARRIED
GUARDS = [field.name for field in fields(InvoicePlace) if field.name != "state"]
MACHINE = Invoices()
FOLLOWING = {"fall_due", "lift", *CHASED.values(), *NOT_CHASED.values()}
"""The events that come of time and of what is owed."""
IN_THE_MACHINE = sorted({str(each.event) for state in InvoiceMachine.states for each in state.transitions})

Facts = dict[str, bool]
"""Every guard, true or false."""
COMBINATIONS: list[Facts] = [
    dict(zip(GUARDS, facts, strict=True)) for facts in product((False, True), repeat=len(GUARDS))
]

# For each cell the one guard that has a say, and where it leads: (guard, when it is false, when it is true). None is a
# refusal, and no guard means that none has a say. A cell that is not here takes nothing.
CELLS: dict[tuple[InvoiceState, str], tuple[str | None, InvoiceState | None, InvoiceState | None]] = {
    (OPEN, "close"): ("nothing_due", ISSUED, CARRIED),
    (ISSUED, "fall_due"): (None, OVERDUE, OVERDUE),
    (ISSUED, "pay"): ("settles", ISSUED, PAID),
    (ISSUED, "fail_payment"): (None, ISSUED, ISSUED),
    (OVERDUE, "remind"): ("chased", None, OVERDUE),
    (OVERDUE, "suspend"): ("suspends", None, OVERDUE),
    (OVERDUE, "skip_reminder"): ("chased", OVERDUE, None),
    (OVERDUE, "postpone"): ("chased", OVERDUE, None),
    (OVERDUE, "lift"): ("chased", OVERDUE, None),
    (OVERDUE, "pay"): ("settles", OVERDUE, PAID),
    (OVERDUE, "fail_payment"): (None, OVERDUE, OVERDUE),
    (ISSUED, "write_off"): (None, PAID, PAID),
    (OVERDUE, "write_off"): (None, PAID, PAID),
    (ISSUED, "reopen"): (None, ISSUED, ISSUED),
    (OVERDUE, "reopen"): (None, OVERDUE, OVERDUE),
    (PAID, "reopen"): (None, ISSUED, ISSUED),
}


def target(state: InvoiceState, event: str, facts: Facts) -> InvoiceState | None:
    """Where the machine goes from there."""
    place = InvoicePlace(state.value, **facts)
    before = replace(place)
    chosen = MACHINE.send(place, event)
    assert place == before, "the machine must leave what it was given"
    if chosen is None:
        return None
    assert (chosen.event, chosen.source) == (event, state)
    return chosen.target


def wanted(state: InvoiceState, event: str, facts: Facts) -> InvoiceState | None:
    """Where the table leads."""
    guard, when_false, when_true = CELLS.get((state, event), (None, None, None))
    return when_true if guard and facts[guard] else when_false


def test_the_states_are_those_of_the_domain() -> None:
    assert {state.value for state in InvoiceMachine.states} == set(InvoiceState)
    assert InvoicePlace().state == OPEN


@pytest.mark.parametrize("event", IN_THE_MACHINE)
@pytest.mark.parametrize("state", InvoiceState)
def test_mon_6_every_cell_under_every_guard_and_no_other_guard_has_a_say(state: InvoiceState, event: str) -> None:
    assert len(COMBINATIONS) == 16
    for facts in COMBINATIONS:
        assert target(state, event, facts) == wanted(state, event, facts), facts


@pytest.mark.parametrize("event", IN_THE_MACHINE)
@pytest.mark.parametrize("state", [PAID, CARRIED])
def test_lif_2_a_paid_or_carried_invoice_stays_so(state: InvoiceState, event: str) -> None:
    """Only a payment that is taken back leads out of `paid` (MON-10)."""
    assert ((state, event) in CELLS) is ((state, event) == (PAID, "reopen"))
    assert not any(target(state, event, facts) for facts in COMBINATIONS) or event == "reopen"


@pytest.mark.parametrize("event", ["", "buy", "cancel", "reverse_payment"])
@pytest.mark.parametrize("state", InvoiceState)
def test_another_event_is_taken_nowhere(state: InvoiceState, event: str) -> None:
    assert MACHINE.send(InvoicePlace(state.value), event) is None


@pytest.mark.parametrize("state", InvoiceState)
def test_what_is_allowed_is_what_would_be_taken(state: InvoiceState) -> None:
    for facts in COMBINATIONS:
        allowed = MACHINE.allowed(InvoicePlace(state.value, **facts))
        assert allowed == {event for event in IN_THE_MACHINE if target(state, event, facts)}


def in_the_machine() -> set[InvoiceTransition]:
    """The transitions of the class."""
    return {
        InvoiceTransition(str(each.event), InvoiceState(each.source.value), InvoiceState(each.target.value))
        for state in InvoiceMachine.states
        for each in state.transitions
        if each.target is not None
    }


def test_the_table_above_names_every_transition() -> None:
    found = {
        InvoiceTransition(event, state, to)
        for (state, event), (_, *targets) in CELLS.items()
        for to in targets
        if to is not None
    }
    assert found == in_the_machine()


def test_every_event_comes_of_a_milestone_or_a_request() -> None:
    assert set(CHASED) == set(NOT_CHASED) == set(AccountWhat) - {AccountWhat.CLOSE, AccountWhat.OVERDUE}
    of_the_account = {"change_terms", "take_over_invoices", "credit_note", "refund", "refund_paid", "reverse_payment"}
    asked = {action.value for action in AccountAction} - of_the_account
    assert set(IN_THE_MACHINE) == {*FOLLOWING, *asked, "close", "reopen"}


def test_each_transition_of_a_milestone_does_something() -> None:
    assert set(DOES) == {each for each in in_the_machine() if each.event in FOLLOWING}


def test_one_machine_serves_one_invoice_after_another() -> None:
    """A final state that was reached does not stick."""
    machine = Invoices()
    assert machine.send(InvoicePlace("overdue", settles=True), "pay") == InvoiceTransition("pay", OVERDUE, PAID)
    assert machine.send(InvoicePlace("issued"), "fall_due") == InvoiceTransition("fall_due", ISSUED, OVERDUE)
    assert machine.send(InvoicePlace("open", nothing_due=True), "close") == InvoiceTransition("close", OPEN, CARRIED)
    assert machine.send(InvoicePlace("carried"), "pay") is None
    assert machine.send(InvoicePlace("open"), "close") == InvoiceTransition("close", OPEN, ISSUED)
