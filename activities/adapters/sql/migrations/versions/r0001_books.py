"""Journal, ledger, usage, claims, outbox and access. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

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
        sa.Column("id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("offer_id", ID, nullable=False),
        sa.Column("publisher", WORD, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("policy", ID, nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("offer", sa.Text, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("auto_renew", sa.Boolean, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("add_ons", sa.Text, nullable=False),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
    )
    for column in ("customer_id", "offer_id", "state"):
        op.create_index(f"ix_subscription_{column}_id", "subscription", [column, "id"])
    op.create_table(
        "decision",
        *_of_subscription("decision", "seq"),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
    )
    op.create_table(
        "journal",
        *_of_subscription("journal", "seq"),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("event", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("rule", WORD, nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("actor", ID),
        sa.Column("reason", WORD),
        sa.Column("details", sa.Text),
        sa.Column("command_id", ID),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("usage", sa.Text, nullable=False),
    )
    op.create_table(
        "ledger_entry",
        *_of_subscription("ledger_entry", "seq", "position"),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("metered", sa.Boolean, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("line", ID, nullable=False),
        sa.Column("quantity", DECIMAL, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("period_start", INSTANT, nullable=False),
        sa.Column("period_end", INSTANT, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.UniqueConstraint("subscription_id", "key", name="uq_ledger_entry_subscription_id_key"),
        sa.CheckConstraint("amount_minor > 0", name="ck_ledger_entry_amount"),
        sa.CheckConstraint("kind IN ('charge', 'credit')", name="ck_ledger_entry_kind"),
    )
    op.create_table(
        "usage",
        *_of_subscription("usage", "usage_id"),
        sa.Column("usage_id", ID, nullable=False),
        sa.Column("used_at", INSTANT, nullable=False),
        sa.Column("units", DECIMAL, nullable=False),
        sa.Column("billed_by", sa.Integer),
    )
    op.create_index("ix_usage_subscription_id_billed_by_used_at", "usage", ["subscription_id", "billed_by", "used_at"])
    op.create_table(
        "claim",
        sa.Column("key", KEY, nullable=False),
        sa.Column("subscription_id", ID, nullable=False),
        sa.Column("permanent", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_claim"),
    )
    op.create_index("ix_claim_subscription_id", "claim", ["subscription_id"])
    op.create_table(
        "outbox",
        *_of_subscription("outbox", "seq"),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("event", WORD, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_table(
        "access_change",
        *_of_subscription("access_change", "seq"),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("access", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
    )
    append_only("journal", ("subscription_id", "seq"))
    append_only("ledger_entry", ("subscription_id", "seq", "position"), ("subscription_id", "key"))


def _of_subscription(table: str, *key: str) -> list[sa.Column[str] | sa.Constraint]:
    return [
        sa.Column("subscription_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("subscription_id", *key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=f"fk_{table}_subscription_id"),
    ]
