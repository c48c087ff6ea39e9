"""The first answers to accepted commands, for their repeats. Never change this after its release."""

import sqlalchemy as sa

from activities.adapters.sql.columns import required
from activities.adapters.sql.migrations.append_only import append_only
from activities.adapters.sql.migrations.create import ID, table

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the append-only table. Commands that were recorded earlier have no answer in it."""
    of_subscription = sa.ForeignKeyConstraint(
        ["subscription_id"], ["subscription.id"], name="fk_first_answer_subscription_id"
    )
    columns = required(
        subscription_id=ID, command_id=ID, system=sa.Boolean, seq=sa.Integer, fingerprint=ID, answer=sa.Text
    )
    key = ("subscription_id", "command_id", "system")
    table("first_answer", key, *columns, of_subscription)
    append_only("first_answer", key)
