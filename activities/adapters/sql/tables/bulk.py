"""The tables of bulk operations."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from activities.adapters.sql.columns import (
    CURRENCY,
    ID,
    KEY,
    WORD,
    InstantText,
    JsonText,
    keys,
    metadata,
    optional,
    required,
)
from domain.bulk.requests import Ask, BulkRequest
from domain.bulk.totals import Totals

bulk_operation = Table(
    "bulk_operation",
    metadata,
    *keys(id=ID),
    *required(started_at=InstantText, digest=String(64), request=JsonText(BulkRequest), shown=JsonText(Totals)),
    *required(state=WORD, per_second=Integer),
    *optional(reason=Text, ended_at=InstantText),
    Index(None, "started_at", "id"),
)
"""Bulk operations as they were confirmed. The digest shows whether a second one under the id is the same."""

bulk_item = Table(
    "bulk_item",
    metadata,
    Column("bulk_id", ID, ForeignKey("bulk_operation.id"), primary_key=True),
    *keys(position=Integer),
    *required(subject=KEY, status=WORD, message=Text),
    *optional(ask=JsonText(Ask), outcome=WORD, rule=WORD, currency=CURRENCY),
    *optional(credit_minor=BigInteger, charge_minor=BigInteger, at=InstantText),
    Index(None, "bulk_id", "status", "position"),
    Index(None, "bulk_id", "subject", unique=True),
)
"""The subscriptions of an operation, what each is sent, and its result once it has one."""
