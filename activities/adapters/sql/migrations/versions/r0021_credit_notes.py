"""Numbers of credit notes, in a series of each partner's. Never change this after its release."""

from collections import Counter

import sqlalchemy as sa
from alembic import op

from activities.adapters.sql.columns import required
from activities.adapters.sql.migrations.append_only import append_only
from activities.adapters.sql.migrations.create import ID, table

revision = "0021"
down_revision = "0020"

INVOICE = sa.String(80)


def upgrade() -> None:
    """Number the credit notes that there are, in the order of time (MON-10)."""
    table("credit_note_series", ("series",), *required(series=ID, last_number=sa.Integer))
    table(
        "credit_note",
        ("customer_id", "seq"),
        *required(customer_id=ID, seq=sa.Integer, id=INVOICE, series=ID, number=sa.Integer),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("series", "number"),
    )
    append_only("credit_note", ("customer_id", "seq"), ("id",), ("series", "number"))
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            "SELECT account_event.customer_id, account_event.seq, customer.partner_id FROM account_event "
            "LEFT JOIN customer ON customer.id = account_event.customer_id "
            "WHERE event = 'credit_note_issued' ORDER BY account_event.at, account_event.customer_id, account_event.seq"
        )
    ).all()
    last: Counter[str] = Counter()
    numbered = sa.text("INSERT INTO credit_note VALUES (:customer_id, :seq, :id, :series, :number)")
    for customer_id, seq, partner in found:
        series = partner or customer_id
        last[series] += 1
        note = {"customer_id": customer_id, "seq": seq, "series": series, "number": last[series]}
        connection.execute(numbered, {**note, "id": f"{series}-C{last[series]:06d}"})
    for series, number in last.items():
        taken = sa.text("INSERT INTO credit_note_series VALUES (:series, :number)")
        connection.execute(taken, {"series": series, "number": number})
