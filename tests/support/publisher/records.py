"""Publishers and events for tests; no secret here is anybody's."""

from datetime import UTC, datetime
from typing import Any

from activities.notifications.contracts import Notice
from activities.notifications.publishers import Endpoint, Publishers
from domain.subscription.events import EventName, State

AT = datetime(2026, 1, 31, 9, tzinfo=UTC)
SECRET = "whsec_" + "QUFB" * 8
NEW_SECRET = "whsec_" + "QkJC" * 8


def endpoint(**changed: Any) -> Endpoint:
    """A publisher's endpoint, from what the file could hold."""
    told = {"id": "contoso", "url": "https://hooks.contoso.example/perennial", "secrets": [SECRET], **changed}
    (found,) = Publishers.model_validate({"publishers": [told]}, strict=False).publishers
    return found


def notice(event: EventName = EventName.QUANTITY_CHANGED, **changed: Any) -> Notice:
    """An event as the activities hand it to a dialect."""
    told = {
        "subscription_id": "s-1",
        "customer_id": "fabrikam",
        "offer_id": "contoso-crm",
        "seq": 3,
        "at": AT,
        "event": event,
        "state": State.ACTIVE,
        "rule": "MON-3",
        "auto_renew": True,
        "quantity": 5,
        "add_ons": {"extra": 2, "backup": 1},
        **changed,
    }
    return Notice.model_validate(told)
