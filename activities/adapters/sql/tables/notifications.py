"""The tables of notifications and of publishers' requests."""

from sqlalchemy import Index, Integer, Table, Text

from activities.adapters.sql.columns import (
    ID,
    KEY,
    WORD,
    InstantText,
    JsonText,
    keys,
    keys_of_subscription,
    metadata,
    optional,
    required,
)
from activities.notifications.contracts import Notice

outbox = Table(
    "outbox",
    metadata,
    *keys_of_subscription(seq=Integer),
    *required(at=InstantText, event=WORD, payload=JsonText(Notice)),
)
"""The notices for publishers, in order (invariant 13)."""

delivery = Table(
    "delivery",
    metadata,
    *keys_of_subscription(seq=Integer),
    *required(publisher=ID, standing=WORD, tries=Integer),
    *optional(first_tried_at=InstantText, last_tried_at=InstantText, next_try_at=InstantText, settled_at=InstantText),
    *optional(problem=Text),
    Index(None, "standing", "subscription_id"),
)
"""The delivery of each outbox row: present once a delivery was attempted or the event was skipped."""

publisher_request = Table(
    "publisher_request", metadata, *keys(publisher=ID, request_id=KEY), *required(at=InstantText), Index(None, "at")
)
"""The signed requests that publishers sent lately; each is accepted once."""
