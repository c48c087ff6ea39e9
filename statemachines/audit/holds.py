"""Checks that holds for nonpayment on record are what the account's journal placed and lifted (MON-9)."""

from collections.abc import Iterator

from domain.account.events import AccountEvent, AccountEventName
from domain.account.invoice import InvoiceId, InvoiceState
from statemachines.audit.recorded_account import Found, HoldRecord, RecordedAccount


def holds_match_the_journal(account: RecordedAccount) -> Iterator[Found]:
    """After an operator settled a conflict, effects and events may differ (REP-1)."""
    if any(event.settled for event in account.events):
        return
    events = {event.seq: event for event in account.events}
    for hold in account.holds:
        what, placed = f"the hold of {hold.subscription_id} by account event {hold.seq}", events.get(hold.seq)
        if placed is None or not (
            placed.event is AccountEventName.SUSPENDED or (placed.opening and placed.opening.held)
        ):
            yield f"{what}: that event suspends nothing", ()
        elif hold.invoice not in {None, placed.invoice}:
            yield f"{what} is for {hold.invoice}, the event's invoice is {placed.invoice}", ()
        elif hold.lifted_by is None:
            if lifting := _missed(hold, account.events, placed.invoice):
                yield f"{what} still stands, though event {lifting} lifted it", ()
        elif not (lifted := events.get(hold.lifted_by)) or not lifted.lifts or lifted.seq <= hold.seq:
            yield f"{what} is lifted by event {hold.lifted_by}, which lifts nothing of it", ()


def _missed(hold: HoldRecord, events: tuple[AccountEvent, ...], invoice: InvoiceId | None) -> int | None:
    """The event that lifted the hold of a paid invoice. A later event has waited for the lift, so it must be done."""
    paid = False
    for event in events:
        paid |= any(part.invoice == invoice and part.state is InvoiceState.PAID for part in event.allocations)
        paid |= event.invoice == invoice and event.state is InvoiceState.PAID
        if paid and event.lifts and hold.seq < event.seq < events[-1].seq:
            return event.seq
    return None
