"""Column types: they keep values exactly, sort as the values do, and are the same in every database."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Column, Dialect, ForeignKey, MetaData, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

# A report has at most 12 digits before the point and 9 after it; the rest is room for sums.
DECIMAL_LENGTH = 48
# 2026-01-31T09:00:00.000000Z
INSTANT_LENGTH = 27


class InstantText(TypeDecorator[datetime]):
    """An instant to the microsecond as UTC text of fixed width, which sorts as time does (TIM-1)."""

    impl = String(INSTANT_LENGTH)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The text. Raises TypeError for an instant without an offset."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"an instant needs its offset: {value.isoformat()}")
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The instant, in UTC."""
        return None if value is None else datetime.fromisoformat(value)


class DecimalText(TypeDecorator[Decimal]):
    """An exact decimal as text: a numeric column of SQLite is a float (MON-1)."""

    impl = String(DECIMAL_LENGTH)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Plain digits, never an exponent."""
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """The decimal, with as many digits as were written."""
        return None if value is None else Decimal(value)


class JsonText(TypeDecorator[Any]):
    """A value of the domain as the JSON of its model; what is read equals what was written."""

    impl = Text
    cache_ok = True

    def __init__(self, shape: Any) -> None:
        super().__init__()
        # SQLAlchemy compares column types by the attributes named like the arguments.
        self.shape = shape
        self._adapter: TypeAdapter[Any] = TypeAdapter(shape)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The model's own JSON."""
        return None if value is None else self._adapter.dump_json(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """The value."""
        return None if value is None else self._adapter.validate_json(value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

ID, WORD, KEY, CURRENCY = String(64), String(32), String(200), String(3)
ColumnType = TypeEngine[Any] | type[TypeEngine[Any]]


def required(**types: ColumnType) -> list[Column[Any]]:
    """Columns of these names and types that are never null. The migrations use it too."""
    return [Column(name, kind, nullable=False) for name, kind in types.items()]


def optional(**types: ColumnType) -> list[Column[Any]]:
    """Columns of these names and types that may be null. The migrations use it too."""
    return [Column(name, kind) for name, kind in types.items()]


def keys(**types: ColumnType) -> list[Column[Any]]:
    """The columns of the primary key."""
    return [Column(name, kind, primary_key=True) for name, kind in types.items()]


def keys_of_subscription(**types: ColumnType) -> list[Column[Any]]:
    """A primary key that begins with the id of a subscription in the table `subscription`."""
    return [Column("subscription_id", ID, ForeignKey("subscription.id"), primary_key=True), *keys(**types)]
