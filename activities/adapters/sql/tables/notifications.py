"""The tables of notifications and of publishers' requests."""

from sqlalchemy import Column, Index, Integer, Table, Text

from activities.adapters.sql.columns import ID, KEY, WORD, InstantText, JsonText, _of_subscription, metadata
from activities.notifications.contracts import Notice

outbox = Table(
    "outbox",
    metadata,
    _of_subscription(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", InstantText, nullable=False),
    Column("event", WORD, nullable=False),
    Column("payload", JsonText(Notice), nullable=False),
)
"""The notices for publishers, in order (invariant 13)."""

delivery = Table(
    "delivery",
    metadata,
    _of_subscription(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("publisher", ID, nullable=False),
    Column("standing", WORD, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("first_tried_at", InstantText),
    Column("last_tried_at", InstantText),
    Column("next_try_at", InstantText),
    Column("settled_at", InstantText),
    Column("problem", Text),
    Index(None, "standing", "subscription_id"),
)
"""The delivery of each outbox row: present once a delivery was attempted or the event was skipped."""

publisher_request = Table(
    "publisher_request",
    metadata,
    Column("publisher", ID, primary_key=True),
    Column("request_id", KEY, primary_key=True),
    Column("at", InstantText, nullable=False),
    Index(None, "at"),
)
"""The signed requests that publishers sent lately; each is accepted once."""
