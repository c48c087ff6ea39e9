"""Journal, ledger, usage, claims, outbox and access. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

from activities.adapters.sql.columns import optional, required
from activities.adapters.sql.migrations.append_only import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID, WORD, KEY, INSTANT, DECIMAL = sa.String(64), sa.String(32), sa.String(200), sa.String(27), sa.String(48)


def upgrade() -> None:
    """Create every table; journal and ledger take new rows only."""
    op.create_table(
        "subscription",
        *required(id=ID, customer_id=ID, offer_id=ID, publisher=WORD, currency=sa.String(3), policy=ID),
        *required(ordered_at=INSTANT, offer=sa.Text, state=WORD, auto_renew=sa.Boolean, quantity=sa.Integer),
        *required(add_ons=sa.Text, last_seq=sa.Integer, last_at=INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
    )
    for column in ("customer_id", "offer_id", "state"):
        op.create_index(f"ix_subscription_{column}_id", "subscription", [column, "id"])
    op.create_table(
        "decision",
        *_of_subscription("decision", "seq"),
        *required(seq=sa.Integer, digest=sa.String(64), receipt=sa.Text),
    )
    op.create_table(
        "journal",
        *_of_subscription("journal", "seq"),
        *required(seq=sa.Integer, at=INSTANT, event=WORD, state=WORD, rule=WORD, by=ID),
        *optional(actor=ID, reason=WORD, details=sa.Text, command_id=ID),
        *required(before=sa.Text, after=sa.Text, usage=sa.Text),
    )
    op.create_table(
        "ledger_entry",
        *_of_subscription("ledger_entry", "seq", "position"),
        *required(seq=sa.Integer, position=sa.Integer, metered=sa.Boolean, at=INSTANT, kind=WORD, line=ID),
        *required(quantity=DECIMAL, amount_minor=sa.BigInteger, currency=sa.String(3), period_start=INSTANT),
        *required(period_end=INSTANT, key=KEY),
        sa.UniqueConstraint("subscription_id", "key", name="uq_ledger_entry_subscription_id_key"),
        sa.CheckConstraint("amount_minor > 0", name="ck_ledger_entry_amount"),
        sa.CheckConstraint("kind IN ('charge', 'credit')", name="ck_ledger_entry_kind"),
    )
    op.create_table(
        "usage",
        *_of_subscription("usage", "usage_id"),
        *required(usage_id=ID, used_at=INSTANT, units=DECIMAL),
        *optional(billed_by=sa.Integer),
    )
    op.create_index("ix_usage_subscription_id_billed_by_used_at", "usage", ["subscription_id", "billed_by", "used_at"])
    op.create_table(
        "claim",
        *required(key=KEY, subscription_id=ID, permanent=sa.Boolean),
        sa.PrimaryKeyConstraint("key", name="pk_claim"),
    )
    op.create_index("ix_claim_subscription_id", "claim", ["subscription_id"])
    op.create_table(
        "outbox",
        *_of_subscription("outbox", "seq"),
        *required(seq=sa.Integer, at=INSTANT, event=WORD, payload=sa.Text),
    )
    op.create_table(
        "access_change",
        *_of_subscription("access_change", "seq"),
        *required(seq=sa.Integer, access=WORD, at=INSTANT, confirmed_at=INSTANT),
    )
    append_only("journal", ("subscription_id", "seq"))
    append_only("ledger_entry", ("subscription_id", "seq", "position"), ("subscription_id", "key"))


def _of_subscription(table: str, *key: str) -> list[sa.Column[str] | sa.Constraint]:
    return [
        *required(subscription_id=ID),
        sa.PrimaryKeyConstraint("subscription_id", *key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=f"fk_{table}_subscription_id"),
    ]
