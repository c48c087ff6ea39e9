"""The table of the environment that the books belong to."""

from sqlalchemy import Integer, String, Table

from activities.adapters.sql.columns import ID, KEY, InstantText, keys, metadata, required

ADDRESS = String(300)

environment = Table(
    "environment",
    metadata,
    *keys(number=Integer),
    *required(namespace_id=ID, namespace=KEY, address=ADDRESS, since=InstantText),
)
"""The Temporal namespaces that the books have belonged to, in order; the last one counts. Append-only."""
