"""Another number of licences, and the publisher's rejection of it (MON-4)."""

from domain.commands import ChangeQuantity, RejectQuantity
from domain.events import EventName
from domain.ledger import Kind
from domain.pricing import prorated
from domain.rules import Rule
from domain.subscription import QuantityChange
from statemachines.draft import Draft

ASK_A_USER = "A user can change the quantity (change_quantity)."


def change_quantity(draft: Draft) -> None:
    """MON-4: the old line is credited and the new one charged for the days left."""
    command, subscription = draft.command, draft.subscription
    assert isinstance(command, ChangeQuantity)
    if bounds := _out_of_bounds(draft, command.quantity):
        draft.refuse(Rule.ELG_8, bounds)
    elif command.quantity == subscription.quantity:
        draft.unchanged(f"The quantity is {subscription.quantity} already.")
    else:
        draft.message = f"The quantity is {command.quantity} from now on, prorated by days."
        _set(draft, command.quantity)


def reject_quantity(draft: Draft) -> None:
    """MON-4: the quantity before the last change comes back, prorated like any change; a rejection is not rejected."""
    command, last = draft.command, draft.subscription.last_change
    assert isinstance(command, RejectQuantity)
    assert last is not None
    if command.sequence == last.rejects:
        # Known for as long as nothing changes the quantity anew: whoever sends a rejection again may come late.
        draft.unchanged(f"The change of event {last.rejects} is rejected already.")
    elif command.sequence != last.seq:
        draft.refuse(Rule.MON_4, _not_the_last(command.sequence, last))
    elif last.rejects is not None:
        words = f"Event {last.seq} is the publisher's own rejection of event {last.rejects}"
        draft.refuse(Rule.MON_4, f"{words}: it cannot be rejected itself. {ASK_A_USER}")
    elif bounds := _out_of_bounds(draft, last.before):
        draft.refuse(Rule.ELG_8, f"The quantity before event {last.seq} cannot come back. {bounds} {ASK_A_USER}")
    else:
        draft.message = f"Event {last.seq} is rejected: the quantity is {last.before} again, prorated by days."
        _set(draft, last.before, rejects=last.seq)


def _out_of_bounds(draft: Draft, quantity: int) -> str | None:
    offer = draft.subscription.offer
    if offer.min_quantity <= quantity <= offer.max_quantity:
        return None
    return f"The quantity must be {offer.min_quantity} to {offer.max_quantity}, not {quantity}."


def _not_the_last(sequence: int, last: QuantityChange) -> str:
    words = f"Event {sequence} is not the last change of the quantity: event {last.seq} is"
    if last.rejects is None:
        return f"{words}. Reject that one, where it is not accepted."
    return f"{words}, the rejection of event {last.rejects}. Nothing is left to reject."


def _set(draft: Draft, quantity: int, rejects: int | None = None) -> None:
    subscription, seq = draft.subscription, draft.next_seq
    rows = [
        row
        for kind, number in ((Kind.CREDIT, subscription.quantity), (Kind.CHARGE, quantity))
        for row in prorated(subscription, kind, subscription.offer.id, number, subscription.unit_price, draft.at, seq)
    ]
    period = subscription.billing_period(subscription.period_at(draft.at))
    change = QuantityChange(seq=seq, before=subscription.quantity, period_end=period.end, rejects=rejects)
    draft.emit(EventName.QUANTITY_CHANGED, Rule.MON_4, rows=rows, quantity=quantity, last_change=change)
