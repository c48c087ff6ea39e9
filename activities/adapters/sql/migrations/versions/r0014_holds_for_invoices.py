"""For which invoice each hold for nonpayment was placed (MON-9). Never change this after its release."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

INVOICES = """
    UPDATE nonpayment_hold SET invoice_id = (
        SELECT event.invoice_id FROM account_event AS event
        WHERE event.customer_id = nonpayment_hold.customer_id AND event.seq = nonpayment_hold.seq
    )
"""


def upgrade() -> None:
    """Add the column; the event that placed a hold names its invoice."""
    op.add_column("nonpayment_hold", sa.Column("invoice_id", sa.String(80)))
    op.execute(INVOICES)
