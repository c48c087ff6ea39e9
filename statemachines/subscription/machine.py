"""The subscription's state machine: which event is allowed in which state, under which guard. No effects, no clock.

`lifecycle` carries out the transition that the machine chose. docs/lifecycle.md is generated from this class.
"""

from dataclasses import dataclass

from statemachine import State as MachineState

from domain.subscription.events import State
from statemachines import machine
from statemachines.machine import fact


@dataclass
class Cursor:
    """Where the machine stands: the state, and the facts that its guards read."""

    state: str = State.PENDING.value
    metered: bool = False
    marketplace: bool = False
    offers_trial: bool = False
    waits_for_publisher: bool = False
    begins_later: bool = False
    activated: bool = False
    auto_renew: bool = True
    in_free_trial: bool = False
    leavable: bool = False
    stranded: bool = False
    ends_now: bool = False
    quantity_rejectable: bool = False
    refund_open: bool = False
    late_cancel_allowed: bool = False
    every_hold_liftable: bool = True
    hold_remains: bool = False
    pause_alone: bool = True
    changes_scheduled: bool = False
    something_to_bill: bool = False


Transition = machine.Transition[State]

metered = fact("metered")
marketplace = fact("marketplace")
offers_trial = fact("offers_trial")
waits_for_publisher = fact("waits_for_publisher")
begins_later = fact("begins_later")
activated = fact("activated")
auto_renew = fact("auto_renew")
in_free_trial = fact("in_free_trial")
leavable = fact("leavable")
stranded = fact("stranded")
ends_now = fact("ends_now")
quantity_rejectable = fact("quantity_rejectable")
refund_open = fact("refund_open")
late_cancel_allowed = fact("late_cancel_allowed")
every_hold_liftable = fact("every_hold_liftable")
hold_remains = fact("hold_remains")
pause_alone = fact("pause_alone")
changes_scheduled = fact("changes_scheduled")
something_to_bill = fact("something_to_bill")


def waits_for_publisher_offers_trial_or_begins_later(model: Cursor) -> bool:
    """The publisher's set-up, a trial or an agreed beginning comes before the first charge."""
    return model.waits_for_publisher or offers_trial_or_begins_later(model)


def offers_trial_or_begins_later(model: Cursor) -> bool:
    """A trial or an agreed beginning comes before the first charge."""
    return model.offers_trial or model.begins_later


def in_free_trial_or_refund_open_or_leavable(model: Cursor) -> bool:
    """In the trial, in the refund window or past its end: a cancellation ends the subscription now."""
    return model.in_free_trial or model.refund_open or model.leavable


class SubscriptionMachine(machine.StrictChart[Cursor]):
    """The states and transitions of a subscription (LIF-1, LIF-2)."""

    pending = MachineState(initial=True, value=State.PENDING.value)
    trial = MachineState(value=State.TRIAL.value)
    active = MachineState(value=State.ACTIVE.value)
    suspended = MachineState(value=State.SUSPENDED.value)
    cancelled = MachineState(value=State.CANCELLED.value, final=True)
    expired = MachineState(value=State.EXPIRED.value, final=True)
    deleted = MachineState(value=State.DELETED.value, final=True)
    deprovisioned = MachineState(value=State.DEPROVISIONED.value, final=True)

    # Beginnings: BUY-4, BUY-6, ISV-4, ISV-5, TRI-1, TRI-3
    purchase = pending.to(active, unless=[waits_for_publisher, offers_trial, begins_later]) | pending.to(
        pending, cond=waits_for_publisher_offers_trial_or_begins_later
    )
    activate = pending.to(
        active, cond=waits_for_publisher, unless=[activated, offers_trial, begins_later]
    ) | pending.to(pending, cond=[waits_for_publisher, offers_trial_or_begins_later], unless=activated)
    begin = pending.to(active, unless=offers_trial) | pending.to(pending, cond=offers_trial)
    start_trial = pending.to(trial, cond=offers_trial)
    trial_end = trial.to(active, cond=auto_renew)

    # Billing: MON-3, REN-1, REN-5, SUS-6, SUS-10
    charge_period = active.to(active) | suspended.to(suspended, cond=something_to_bill)
    announce_renewal = active.to(active, cond=auto_renew)
    renew = active.to(active, cond=auto_renew)

    # Changes: MON-4, TRI-6, REN-2, REN-4, LIF-3, CXL-6, SUS-10, BUY-5
    change_quantity = active.to(active, unless=metered)
    reject_quantity = active.to(active, cond=quantity_rejectable, unless=metered)
    set_add_on = active.to(active)
    undo_scheduled_changes = active.to(active, cond=changes_scheduled) | suspended.to(suspended, cond=changes_scheduled)
    set_auto_renew = (
        pending.to(pending, cond=marketplace)
        | trial.to(trial, cond=marketplace)
        | active.to(active, cond=marketplace)
        | suspended.to(suspended, cond=marketplace, unless=[stranded, ends_now])
        | suspended.to(expired, cond=[marketplace, ends_now])
    )
    report_usage = trial.to(trial, cond=metered) | active.to(active, cond=metered)
    change_price = pending.to(pending) | trial.to(trial) | active.to(active) | suspended.to(suspended)

    # Suspension: SUS-1, SUS-5, SUS-7, SUS-9, SUS-11, SUS-3
    suspend = trial.to(suspended) | active.to(suspended) | suspended.to(suspended)
    reactivate = (
        suspended.to(trial, cond=[every_hold_liftable, in_free_trial], unless=hold_remains)
        | suspended.to(active, cond=every_hold_liftable, unless=[in_free_trial, hold_remains])
        | suspended.to(suspended, cond=[every_hold_liftable, hold_remains])
    )
    resume = (
        suspended.to(trial, cond=[pause_alone, in_free_trial])
        | suspended.to(active, cond=pause_alone, unless=in_free_trial)
        | suspended.to(suspended, unless=pause_alone)
    )
    delete = suspended.to(deleted)

    # Endings: ISV-4, TRI-4, CXL-2, CXL-3, CXL-6, CXL-8, LIF-3, REN-2, TRI-5
    activation_deadline = pending.to(cancelled, cond=waits_for_publisher, unless=activated)
    cancel = (
        pending.to(cancelled)
        | trial.to(cancelled)
        | active.to(cancelled, cond=refund_open)
        | active.to(active, cond=late_cancel_allowed, unless=refund_open)
        | suspended.to(cancelled, cond=in_free_trial_or_refund_open_or_leavable)
        | suspended.to(suspended, cond=late_cancel_allowed, unless=[in_free_trial, refund_open, leavable])
    )
    expire = (
        trial.to(expired, unless=auto_renew)
        | active.to(expired, unless=auto_renew)
        | suspended.to(expired, unless=auto_renew)
    )
    deprovision = (
        trial.to(deprovisioned, cond=metered)
        | active.to(deprovisioned, cond=metered)
        | suspended.to(deprovisioned, cond=metered)
    )


class Machine(machine.Remembered[Cursor, State]):
    """What the subscription's machine says of one place after another."""

    chart, place, states = SubscriptionMachine, Cursor, State


MACHINE = Machine()
"""That of this process: all subscriptions share its answers."""
