"""The Temporal namespace that the books belong to. Never change this after its release."""

import sqlalchemy as sa

from activities.adapters.sql.columns import required
from activities.adapters.sql.migrations.append_only import append_only
from activities.adapters.sql.migrations.create import ID, INSTANT, KEY, table

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the append-only table. Earlier books belong to nobody until the next worker starts on them."""
    columns = required(number=sa.Integer, namespace_id=ID, namespace=KEY, address=sa.String(300), since=INSTANT)
    table("environment", ("number",), *columns)
    append_only("environment", ("number",))
