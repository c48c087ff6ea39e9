"""Read the facts of a message in either dialect."""

from dataclasses import dataclass

from examples.receiver.inbox import Message

_STATES = {"Suspend": "suspended", "Unsubscribe": "cancelled"}
"""The state after one of Microsoft's actions; after every other the subscription is active."""
QUANTITY_CHANGES = frozenset({"quantity_changed", "ChangeQuantity"})


@dataclass(frozen=True)
class Facts:
    """The facts of a message. None for what it does not say."""

    event: str
    state: str | None
    quantity: int | None
    customer: str | None
    offer: str | None
    at: str | None
    add_ons: dict[str, object]
    auto_renew: bool | None


def facts_of(message: Message) -> Facts:
    """The facts of the message. A field of the wrong type counts as missing."""
    facts = message.facts
    action = _text(facts.get("action"))
    quantity, add_ons, auto_renew = facts.get("quantity"), facts.get("add_ons"), facts.get("auto_renew")
    return Facts(
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
