"""The tables of the database, by noun. Importing this package registers them all in `metadata`."""

from activities.adapters.sql.columns import metadata
from activities.adapters.sql.tables import account, bulk, catalog, environment, notifications, orders, subscription

__all__ = ["account", "bulk", "catalog", "environment", "metadata", "notifications", "orders", "subscription"]
