"""What a message tells, whichever dialect it is in."""

from dataclasses import dataclass

from examples.receiver.inbox import Message

_STATES = {"Suspend": "suspended", "Unsubscribe": "cancelled"}
"""Of Microsoft's actions; every other leaves a subscription that is in use."""
QUANTITY_CHANGES = frozenset({"quantity_changed", "ChangeQuantity"})


@dataclass(frozen=True)
class Told:
    """A message's facts; None where it does not say."""

    event: str
    state: str | None
    quantity: int | None
    customer: str | None
    offer: str | None
    at: str | None
    add_ons: dict[str, object]
    auto_renew: bool | None


def told(message: Message) -> Told:
    """The facts. A field of the wrong kind counts as not said."""
    facts = message.facts
    action = _text(facts.get("action"))
    quantity, add_ons, auto_renew = facts.get("quantity"), facts.get("add_ons"), facts.get("auto_renew")
    return Told(
        event=action or _text(facts.get("event")) or _text(message.body.get("type")) or "?",
        state=_STATES.get(action, "active") if action else _text(facts.get("state")),
        quantity=quantity if type(quantity) is int and 0 <= quantity < 2**53 else None,
        customer=_text(facts.get("customer_id")),
        offer=_text(facts.get("offer_id")) or _text(facts.get("offerId")),
        at=_text(facts.get("at")) or _text(facts.get("timeStamp")),
        add_ons=add_ons if isinstance(add_ons, dict) else {},
        auto_renew=auto_renew if isinstance(auto_renew, bool) else None,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
