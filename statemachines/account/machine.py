"""The invoice's state machine: which event is allowed in which state, under which guard (MON-5, MON-6).

`accounting` carries out the transition that the machine chose. docs/invoices.md has its diagram.
"""

from dataclasses import dataclass

from statemachine import State as MachineState

from domain.account.invoice import InvoiceState
from statemachines import machine
from statemachines.machine import fact


@dataclass
class InvoicePlace:
    """Where the machine stands: the state, and the facts that its guards read."""

    state: str = InvoiceState.OPEN.value
    nothing_due: bool = False
    settles: bool = False
    suspends: bool = False
    chased: bool = False


InvoiceTransition = machine.Transition[InvoiceState]

nothing_due = fact("nothing_due")  # the credits are as large as the charges
settles = fact("settles")  # the payment covers all that is owed
suspends = fact("suspends")  # the terms suspend for nonpayment, the invoice is chased and has not led to it
chased = fact("chased")  # credit does not cover it, and what is uncovered is more than is tolerated


class InvoiceMachine(machine.StrictChart[InvoicePlace]):
    """The states and transitions of an invoice."""

    # A paid invoice may be owed again for ever, so no way leads from there to an end.
    validate_final_reachability = False

    running = MachineState("Open", initial=True, value=InvoiceState.OPEN.value)
    issued = MachineState(value=InvoiceState.ISSUED.value)
    overdue = MachineState(value=InvoiceState.OVERDUE.value)
    paid = MachineState(value=InvoiceState.PAID.value)
    carried = MachineState(value=InvoiceState.CARRIED.value, final=True)

    # MON-5: the month ends. MOV-6: an invoice of another system is taken over
    close = running.to(carried, cond=nothing_due) | running.to(issued, unless=nothing_due)

    # MON-6: the invoice stays unpaid
    fall_due = issued.to(overdue)
    remind = overdue.to(overdue, cond=chased)
    suspend = overdue.to(overdue, cond=suspends)

    # MON-8: credit covers it, or what is left is tolerated
    skip_reminder = overdue.to(overdue, unless=chased)
    postpone = overdue.to(overdue, unless=chased)
    lift = overdue.to(overdue, unless=chased)

    # MON-6: payments
    pay = (
        issued.to(paid, cond=settles)
        | issued.to(issued, unless=settles)
        | overdue.to(paid, cond=settles)
        | overdue.to(overdue, unless=settles)
    )
    fail_payment = issued.to(issued) | overdue.to(overdue)

    # MON-10: what is owed is given up; a payment is taken back
    write_off = issued.to(paid) | overdue.to(paid)
    reopen = paid.to(issued) | issued.to(issued) | overdue.to(overdue)


class Invoices(machine.Remembered[InvoicePlace, InvoiceState]):
    """What the invoice's machine says of one place after another."""

    chart, place, states = InvoiceMachine, InvoicePlace, InvoiceState


INVOICES = Invoices()
"""That of this process: all accounts share its answers."""
