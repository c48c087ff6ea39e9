"""The account acts on the transition that the invoice's machine chose: take any one away, and it goes no further."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from domain.account.invoice import InvoiceState
from domain.subscription.decision import Outcome
from statemachines.account.accounting import ImpossibleAccountMilestone
from statemachines.account.machine import INVOICES, InvoiceMachine, InvoiceTransition
from tests.support.simulated.customer import ACustomer, numbered
from tests.support.simulated.life import Facts

OPEN, ISSUED, OVERDUE = InvoiceState.OPEN, InvoiceState.ISSUED, InvoiceState.OVERDUE
PAID, CARRIED = InvoiceState.PAID, InvoiceState.CARRIED

Step = tuple[str, str, Facts]

WHOLE: Facts = {"amount": "30.00"}
PART: Facts = {"amount": "1.00"}
TOLERATED: Facts = {"amount": "29.50"}
"""What it leaves is not chased (MON-8)."""
GIVEN_UP: Facts = {"invoice": numbered(1), "reason": "insolvent"}
TAKEN_BACK: tuple[str, Facts] = ("reverse_payment", {"payment_id": "p-1", "reason": "charge-back"})
SECOND: Step = ("2026-04-01", "pay", {**WHOLE, "payment_id": "p-2", "invoice": numbered(2)})
# A subscription of 30.00 a month from 2026-01-15 on, whose first invoice is due on 2026-04-02. What is asked before;
# and the need: a request, or an instant to live to.
LIVES: dict[InvoiceTransition, tuple[list[Step], Step | str]] = {
    InvoiceTransition("close", OPEN, ISSUED): ([], "2026-02-01"),
    InvoiceTransition("close", OPEN, CARRIED): ([("2026-01-20", "pay", WHOLE)], "2026-02-01"),
    InvoiceTransition("fall_due", ISSUED, OVERDUE): ([], "2026-04-02"),
    InvoiceTransition("remind", OVERDUE, OVERDUE): ([], "2026-04-03"),
    InvoiceTransition("suspend", OVERDUE, OVERDUE): ([], "2026-05-02"),
    InvoiceTransition("skip_reminder", OVERDUE, OVERDUE): ([("2026-02-02", "pay", TOLERATED)], "2026-04-03"),
    InvoiceTransition("postpone", OVERDUE, OVERDUE): ([SECOND, ("2026-04-29", "pay", TOLERATED)], "2026-05-02"),
    InvoiceTransition("lift", OVERDUE, OVERDUE): ([SECOND], ("2026-05-03", "pay", TOLERATED)),
    InvoiceTransition("pay", ISSUED, PAID): ([], ("2026-02-02", "pay", WHOLE)),
    InvoiceTransition("pay", ISSUED, ISSUED): ([], ("2026-02-02", "pay", PART)),
    InvoiceTransition("pay", OVERDUE, PAID): ([], ("2026-04-02", "pay", WHOLE)),
    InvoiceTransition("pay", OVERDUE, OVERDUE): ([], ("2026-04-02", "pay", PART)),
    InvoiceTransition("fail_payment", ISSUED, ISSUED): ([], ("2026-02-02", "fail_payment", {})),
    InvoiceTransition("fail_payment", OVERDUE, OVERDUE): ([], ("2026-04-02", "fail_payment", {})),
    InvoiceTransition("write_off", ISSUED, PAID): ([], ("2026-02-02", "write_off", GIVEN_UP)),
    InvoiceTransition("write_off", OVERDUE, PAID): ([], ("2026-04-02", "write_off", GIVEN_UP)),
    InvoiceTransition("reopen", ISSUED, ISSUED): ([("2026-02-02", "pay", PART)], ("2026-02-03", *TAKEN_BACK)),
    InvoiceTransition("reopen", OVERDUE, OVERDUE): ([("2026-02-02", "pay", PART)], ("2026-04-03", *TAKEN_BACK)),
    InvoiceTransition("reopen", PAID, ISSUED): ([("2026-02-02", "pay", WHOLE)], ("2026-02-03", *TAKEN_BACK)),
}


@contextmanager
def without(transition: InvoiceTransition) -> Iterator[None]:
    """The machine lacks the transition: it is really taken out of the class, and put back.

    What the machine of the process has said before is forgotten meanwhile.
    """
    (source,) = (state for state in InvoiceMachine.states if state.value == transition.source.value)
    kept = source.transitions.transitions
    lacking = [
        each
        for each in kept
        if not (each.event == transition.event and each.target is not None and each.target.value == transition.target)
    ]
    assert len(lacking) == len(kept) - 1
    source.transitions.transitions = lacking
    try:
        with patch.multiple(INVOICES, _taken={}, _enabled={}):
            yield
    finally:
        source.transitions.transitions = kept


def need(customer: ACustomer, steps: list[Step], needs: Step | str) -> str:
    """Go there and ask: the answer's outcome, or `lived` where only time had to pass."""
    for at, do, fields in steps:
        assert customer.request(at, do, **fields).outcome is Outcome.DONE
    if isinstance(needs, str):
        customer.until(needs)
        return "lived"
    at, do, fields = needs
    return customer.request(at, do, **fields).outcome.value


def test_there_is_a_life_for_every_transition() -> None:
    assert set(LIVES) == {
        InvoiceTransition(str(each.event), InvoiceState(each.source.value), InvoiceState(each.target.value))
        for state in InvoiceMachine.states
        for each in state.transitions
        if each.target is not None
    }


@pytest.mark.parametrize("transition", LIVES, ids=str)
def test_an_account_that_needs_the_transition_goes_no_further_without_it(transition: InvoiceTransition) -> None:
    steps, needs = LIVES[transition]
    whole = ACustomer()
    before = len(whole.journal)
    assert need(whole, steps, needs) in {"done", "lived"}
    assert len(whole.journal) > before
    with without(transition):
        customer = ACustomer()
        if transition.event == "fail_payment":
            assert need(customer, steps, needs) == "refused"
        elif transition.event in {"close", "pay", "write_off", "reopen"}:
            with pytest.raises(AssertionError):
                need(customer, steps, needs)
        else:
            with pytest.raises(ImpossibleAccountMilestone, match="of fabrikam-000001 in"):
                need(customer, steps, needs)
    assert customer.journal == whole.journal[: len(customer.journal)]
    assert len(customer.journal) < len(whole.journal)
