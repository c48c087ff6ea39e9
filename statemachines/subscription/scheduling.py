"""Changes of quantities that are made for the renewal, and undone until then (REN-4)."""

from domain.rules import Rule
from domain.subscription.events import EventName
from domain.subscription.scheduled import without
from domain.values import format_instant
from statemachines.subscription.draft import Draft


def schedule(draft: Draft, line: str, what: str, quantity: int) -> None:
    """REN-4: the line has that quantity from the renewal on; what it has now undoes what was scheduled for it.

    `what` names the line's quantity for people.
    """
    subscription = draft.subscription
    term, scheduled = subscription.term, subscription.scheduled_changes
    assert term is not None
    now = subscription.quantity if line == subscription.offer.id else subscription.add_ons.get(line, 0)
    at = format_instant(term.end)
    if not subscription.auto_renew:
        words = f"when: got renewal; the subscription does not renew, it ends at {at}."
        draft.refuse(Rule.REN_4, f"{words} Turn auto-renew on first (set_auto_renew), or change the {what} now.")
    elif quantity == scheduled.get(line, now):
        draft.unchanged(f"The {what} from the renewal on is already {quantity}.")
    else:
        draft.effective_at = term.end
        if quantity == now:
            draft.message = f"The {what} stays {now} at the renewal ({at})."
            draft.emit(EventName.CHANGES_UNDONE, Rule.REN_4, scheduled_changes=without(scheduled, line))
        else:
            draft.message = f"The {what} is {quantity} from the renewal on ({at}); until then {now}."
            draft.emit(EventName.CHANGE_SCHEDULED, Rule.REN_4, scheduled_changes={**scheduled, line: quantity})


def undo_scheduled_changes(draft: Draft) -> None:
    """REN-4: undo all that is scheduled for the renewal."""
    if draft.subscription.scheduled_changes:
        draft.emit(EventName.CHANGES_UNDONE, Rule.REN_4, scheduled_changes={})
        draft.message = "What was scheduled for the renewal is undone."
    else:
        draft.unchanged("Nothing is scheduled for the renewal.")


def dropped(draft: Draft, line: str) -> str:
    """What the answer to an immediate change of the line adds: it drops what was scheduled for it. Empty if nothing."""
    quantity = draft.subscription.scheduled_changes.get(line)
    return "" if quantity is None else f" The change to {quantity} at the renewal is dropped."
