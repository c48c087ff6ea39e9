"""A customer to whom every date is shown before it comes: what was shown last is what happens, and nothing else."""

from datetime import datetime

from domain.account.events import AccountEvent, AccountEventName
from domain.account.invoice import InvoiceId
from domain.subscription.events import Event, EventName
from statemachines.account.holds import ACTOR
from statemachines.account.standing import POSTPONING
from statemachines.account.timeline import AccountMilestone, AccountWhat, account_timeline
from statemachines.preview.simulator import Simulator
from statemachines.simulation.customer import CustomerSimulator
from statemachines.subscription.timeline import Milestone, What, timeline
from tests.support.simulated.foresight import ENDS, HAPPENS

OF_SUBSCRIPTION = {**HAPPENS, What.SETTLE_USAGE: {EventName.USAGE_SETTLED}}
OF_ACCOUNT = {
    AccountWhat.OVERDUE: AccountEventName.INVOICE_OVERDUE,
    AccountWhat.REMIND: AccountEventName.REMINDED,
    AccountWhat.SUSPEND: AccountEventName.SUSPENDED,
}


class Told(CustomerSimulator):
    """Looks at every timeline before each instant, and compares with what happened at it (invariant 9)."""

    told = 0
    """How many dates that were shown came."""

    def advance(self, to: datetime) -> None:
        while (at := self._next_instant()) <= to:
            lives = {
                each: (simulator, len(simulator.book.events), [m for m in _shown(simulator) if m.at == at])
                for each, simulator in self.subscriptions.items()
            }
            of_account = [milestone for milestone in account_timeline(self.life.account) if milestone.at == at]
            before, month = len(self.book.events), self.life.account.month
            postponed = {each.invoice for each in self.life.account.receivables if each.postponed}
            super().advance(at)
            for simulator, known, shown in lives.values():
                happened_as_shown(shown, simulator.book.events[known:])
                self.told += len(shown)
            account_happened_as_shown(of_account, self.book.events[before:], postponed)
            closed = any(milestone.what is AccountWhat.CLOSE for milestone in of_account)
            assert closed == (self.life.account.month != month)


def _shown(simulator: Simulator) -> list[Milestone]:
    """What the timeline says will happen."""
    subscription = simulator.life.subscription
    return [
        milestone for milestone in timeline(subscription, subscription.last_at) if milestone.what in OF_SUBSCRIPTION
    ]


def happened_as_shown(shown: list[Milestone], events: list[Event]) -> None:
    """Each of the subscription's milestones of that instant, in order; the account may hold or lift besides."""
    # The trial of an order that begins later starts with `begun` (BUY-6).
    with_another = {EventName.TRIAL_STARTED} if any(each.what is What.BEGIN for each in shown) else set()
    by_itself = [event.event for event in events if event.actor != ACTOR and event.event not in with_another]
    if shown and shown[-1].what is What.RESUME and by_itself[-1] is EventName.RENEWED:
        by_itself.pop()  # Exactly at the end of its term, which is shown once the pause is over (SUS-11).
    wanted: list[set[EventName]] = []
    for milestone in shown:
        wanted.append(OF_SUBSCRIPTION[milestone.what])
        if milestone.what in ENDS:
            break
    as_shown = len(by_itself) == len(wanted) and all(map(set.__contains__, wanted, by_itself))
    assert as_shown, f"shown {wanted}, happened {by_itself}"


def account_happened_as_shown(
    shown: list[AccountMilestone], events: list[AccountEvent], postponed: set[InvoiceId]
) -> None:
    """Each date of an unpaid invoice. What a closed month brings has no date of its own, and may be due at once.

    Nor has a suspension that was postponed, unless it was shown: it comes with what makes the invoice chased (MON-8).
    """
    dated = set(OF_ACCOUNT.values())
    issued = {event.invoice for event in events if event.event.issues}
    late = postponed | {event.invoice for event in events if event.event in POSTPONING and event.invoice}
    wanted = [(OF_ACCOUNT[m.what], m.invoice) for m in shown if m.what in OF_ACCOUNT]
    happened = [
        (event.event, event.invoice)
        for event in events
        if event.event in dated
        and event.invoice not in issued
        and not (
            event.event is AccountEventName.SUSPENDED
            and event.invoice in late
            and (event.event, event.invoice) not in wanted
        )
    ]
    assert happened == wanted, f"shown {wanted}, happened {happened}"
