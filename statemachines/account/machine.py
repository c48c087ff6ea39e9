"""The invoice's machine: which event may follow in which state, and under which structural guard (MON-5, MON-6).

It holds no effect, no money and no clock. `accounting` sets it to an invoice's place, sends an event and acts on
the transition it chose. docs/invoices.md has its diagram.
"""

from dataclasses import dataclass

from statemachine import State as MachineState
from statemachine import StateChart

from domain.account.invoice import InvoiceState
from statemachines.machine import Reused


@dataclass
class InvoicePlace:
    """A place in the machine: the state, and the facts that its guards read."""

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
    """The payment pays all that is owed."""
    return model.settles


def suspends(model: InvoicePlace) -> bool:
    """The terms have a suspension, and this invoice has led to none yet."""
    return model.suspends


class InvoiceMachine(StateChart[InvoicePlace]):
    """The life of one invoice."""

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

    # MON-6: what follows where nobody pays
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
        """Note which transition was chosen: it is what `accounting` acts on."""
        self.chosen = InvoiceTransition(str(event), InvoiceState(source.value), InvoiceState(target.value))


class Invoices(Reused[InvoicePlace, InvoiceTransition]):
    """One invoice machine, set to one place after another."""

    def __init__(self, chart: type[InvoiceMachine] = InvoiceMachine) -> None:
        super().__init__(chart)
