"""Journal, ledger, usage, claims, outbox and access. Never change this after its release."""

from typing import Any

import sqlalchemy as sa

from activities.adapters.sql.columns import optional, required
from activities.adapters.sql.migrations.append_only import append_only
from activities.adapters.sql.migrations.create import CURRENCY, DECIMAL, ID, INSTANT, KEY, WORD, index, table

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table; journal and ledger take new rows only."""
    table(
        "subscription",
        ("id",),
        *required(id=ID, customer_id=ID, offer_id=ID, publisher=WORD, currency=CURRENCY, policy=ID),
        *required(ordered_at=INSTANT, offer=sa.Text, state=WORD, auto_renew=sa.Boolean, quantity=sa.Integer),
        *required(add_ons=sa.Text, last_seq=sa.Integer, last_at=INSTANT),
    )
    for column in ("customer_id", "offer_id", "state"):
        index("subscription", column, "id")
    table(
        "decision",
        ("subscription_id", "seq"),
        *_of_subscription("decision"),
        *required(seq=sa.Integer, digest=sa.String(64), receipt=sa.Text),
    )
    table(
        "journal",
        ("subscription_id", "seq"),
        *_of_subscription("journal"),
        *required(seq=sa.Integer, at=INSTANT, event=WORD, state=WORD, rule=WORD, by=ID),
        *optional(actor=ID, reason=WORD, details=sa.Text, command_id=ID),
        *required(before=sa.Text, after=sa.Text, usage=sa.Text),
    )
    table(
        "ledger_entry",
        ("subscription_id", "seq", "position"),
        *_of_subscription("ledger_entry"),
        *required(seq=sa.Integer, position=sa.Integer, metered=sa.Boolean, at=INSTANT, kind=WORD, line=ID),
        *required(quantity=DECIMAL, amount_minor=sa.BigInteger, currency=CURRENCY, period_start=INSTANT),
        *required(period_end=INSTANT, key=KEY),
        sa.UniqueConstraint("subscription_id", "key", name="uq_ledger_entry_subscription_id_key"),
        sa.CheckConstraint("amount_minor > 0", name="ck_ledger_entry_amount"),
        sa.CheckConstraint("kind IN ('charge', 'credit')", name="ck_ledger_entry_kind"),
    )
    table(
        "usage",
        ("subscription_id", "usage_id"),
        *_of_subscription("usage"),
        *required(usage_id=ID, used_at=INSTANT, units=DECIMAL),
        *optional(billed_by=sa.Integer),
    )
    index("usage", "subscription_id", "billed_by", "used_at")
    table("claim", ("key",), *required(key=KEY, subscription_id=ID, permanent=sa.Boolean))
    index("claim", "subscription_id")
    table(
        "outbox",
        ("subscription_id", "seq"),
        *_of_subscription("outbox"),
        *required(seq=sa.Integer, at=INSTANT, event=WORD, payload=sa.Text),
    )
    table(
        "access_change",
        ("subscription_id", "seq"),
        *_of_subscription("access_change"),
        *required(seq=sa.Integer, access=WORD, at=INSTANT, confirmed_at=INSTANT),
    )
    append_only("journal", ("subscription_id", "seq"))
    append_only("ledger_entry", ("subscription_id", "seq", "position"), ("subscription_id", "key"))


def _of_subscription(name: str) -> list[sa.Column[Any] | sa.Constraint]:
    key = sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=f"fk_{name}_subscription_id")
    return [*required(subscription_id=ID), key]
