"""The invoice's state machine: which event is allowed in which state, under which guard (MON-5, MON-6).

It has no effects, no money and no clock. `accounting` sets it to an invoice's state, sends an event and carries out
the transition that the machine chose. docs/invoices.md has its diagram.
"""

from dataclasses import dataclass

from statemachine import State as MachineState
from statemachine import StateChart

from domain.account.invoice import InvoiceState
from statemachines.machine import Reused


@dataclass
class InvoicePlace:
    """Where the machine stands: the state, and the facts that its guards read."""

    state: str = InvoiceState.OPEN.value
    nothing_due: bool = False
    settles: bool = False
    suspends: bool = False


@dataclass(frozen=True)
class InvoiceTransition:
    """The transition that the machine chose."""

    event: str
    source: InvoiceState
    target: InvoiceState


def nothing_due(model: InvoicePlace) -> bool:
    """The credits are as large as the charges."""
    return model.nothing_due


def settles(model: InvoicePlace) -> bool:
    """The payment covers all that is owed."""
    return model.settles


def suspends(model: InvoicePlace) -> bool:
    """The terms suspend for nonpayment, and this invoice has not led to holds yet."""
    return model.suspends


class InvoiceMachine(StateChart[InvoicePlace]):
    """The states and transitions of an invoice."""

    allow_event_without_transition = False
    catch_errors_as_events = False
    atomic_configuration_update = True
    enable_self_transition_entries = False

    running = MachineState("Open", initial=True, value=InvoiceState.OPEN.value)
    issued = MachineState(value=InvoiceState.ISSUED.value)
    overdue = MachineState(value=InvoiceState.OVERDUE.value)
    paid = MachineState(value=InvoiceState.PAID.value, final=True)
    carried = MachineState(value=InvoiceState.CARRIED.value, final=True)

    # MON-5: the month ends
    close = running.to(carried, cond=nothing_due) | running.to(issued, unless=nothing_due)

    # MON-6: the invoice stays unpaid
    fall_due = issued.to(overdue)
    remind = overdue.to(overdue)
    suspend = overdue.to(overdue, cond=suspends)

    # MON-6: payments
    pay = (
        issued.to(paid, cond=settles)
        | issued.to(issued, unless=settles)
        | overdue.to(paid, cond=settles)
        | overdue.to(overdue, unless=settles)
    )
    fail_payment = issued.to(issued) | overdue.to(overdue)

    def __init__(self) -> None:
        super().__init__(InvoicePlace(), state_field="state")
        self.chosen: InvoiceTransition | None = None

    def on_transition(self, event: str, source: MachineState, target: MachineState) -> None:
        """Store the chosen transition for `accounting` to carry out."""
        self.chosen = InvoiceTransition(str(event), InvoiceState(source.value), InvoiceState(target.value))


class Invoices(Reused[InvoicePlace, InvoiceTransition]):
    """The invoice machine, reused for one invoice after another."""

    def __init__(self) -> None:
        super().__init__(InvoiceMachine)
