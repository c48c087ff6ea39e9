"""The tables of the database, by noun. `metadata` knows them all."""

from activities.adapters.sql.columns import metadata
from activities.adapters.sql.tables import account, catalog, notifications, orders, subscription

__all__ = ["account", "catalog", "metadata", "notifications", "orders", "subscription"]
