"""The two ways a value is modelled, and the constrained scalars that fields are made of."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
FIRST_YEAR, LAST_YEAR = 1900, 9900
"""A life's deadlines lie beyond its last instant, and there is no year 10,000 to put them in."""
_DECIMAL = re.compile(r"[0-9]{1,40}(\.[0-9]{1,20})?")
_REQUEST_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


class Frozen(BaseModel):
    """A value that decisions hand on. Unknown fields are ignored, so that a newer writer can be read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Strict(BaseModel):
    """What comes in at the edge: no coercion, no unknown field, bounded sizes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def parse_instant(value: object) -> datetime:
    """An aware instant in UTC (TIM-1), from a datetime or from ISO 8601 text that carries its offset."""
    if isinstance(value, str):
        if not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", value):
            raise ValueError("takes an ISO 8601 instant such as 2026-01-31T09:00:00Z")
        if re.search(r"[.,]\d{7}", value):
            raise ValueError("takes an instant with at most six decimals of a second")
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("takes an ISO 8601 instant such as 2026-01-31T09:00:00Z") from None
    if not isinstance(value, datetime):
        raise ValueError("takes an ISO 8601 instant such as 2026-01-31T09:00:00Z")
    if value.tzinfo is None:
        raise ValueError("takes an instant with its offset, such as 2026-01-31T09:00:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("takes an instant between the years 1 and 9999") from None


def format_instant(instant: datetime) -> str:
    """ISO 8601 in UTC with `Z`; microseconds only where they are not zero."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_decimal(value: object) -> Decimal:
    """A decimal of zero or more from digits in a string or from an integer; a float is never exact (MON-1)."""
    if isinstance(value, Decimal) and value.is_finite() and value >= 0:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**40:
        value = str(value)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise ValueError('takes digits in a string, such as "30.00", or an integer; never a float')
    return Decimal(value)


def parse_request_decimal(value: object) -> Decimal:
    """A decimal that a request may name: at most 12 digits before the point and 9 behind it."""
    exact = parse_decimal(value)
    if not _REQUEST_DECIMAL.fullmatch(format_decimal(exact)):
        raise ValueError("takes at most 12 digits before the point and 9 behind it, in a string; never a float")
    return exact


def format_decimal(value: Decimal) -> str:
    """Plain digits, as given: never an exponent."""
    return f"{value:f}"


def parse_request_instant(value: object) -> datetime:
    """An instant that a request may name: far enough from the calendar's ends for every date that follows."""
    instant = parse_instant(value)
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValueError(f"takes an instant from the year {FIRST_YEAR} to {LAST_YEAR}")
    return instant


def without_nul(text: str) -> str:
    """Text that every database can hold: PostgreSQL has no place for NUL."""
    if "\0" in text:
        raise ValueError("takes text without NUL characters")
    return text


def _asked(schema: dict[str, Any]) -> WithJsonSchema:
    """What the published schema says may be sent: pydantic knows the type behind a validator, not what it takes."""
    return WithJsonSchema(schema, mode="validation")


def _told(schema: dict[str, Any]) -> WithJsonSchema:
    """What the published schema says is written."""
    return WithJsonSchema(schema, mode="serialization")


_CLOCK = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_DAY = r"-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_OFFSET = r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
_FORMAT = {"type": "string", "format": "date-time"}
_INSTANT_ASKED = _asked({**_FORMAT, "pattern": rf"^[0-9]{{4}}{_DAY}{_CLOCK}([.][0-9]{{1,6}})?{_OFFSET}"})
_REQUEST_INSTANT_ASKED = _asked(
    {**_FORMAT, "pattern": rf"^(19|[2-8][0-9]|9[0-8])[0-9]{{2}}{_DAY}{_CLOCK}([.][0-9]{{1,6}})?{_OFFSET}"}
)
_INSTANT_TOLD = _told({**_FORMAT, "pattern": rf"^[0-9]{{4}}{_DAY}{_CLOCK}([.][0-9]{{6}})?Z$"})
_DECIMAL_ASKED = _asked(
    {
        "anyOf": [
            {"type": "string", "pattern": r"^[0-9]{1,40}([.][0-9]{1,20})?$"},
            {"type": "integer", "minimum": 0, "exclusiveMaximum": 10**40},
        ]
    }
)
_REQUEST_DECIMAL_ASKED = _asked(
    {
        "anyOf": [
            # Zeros in front are no digits of the number.
            {"type": "string", "pattern": r"^0{0,28}[0-9]{1,12}([.][0-9]{1,9})?$"},
            {"type": "integer", "minimum": 0, "exclusiveMaximum": 10**12},
        ]
    }
)
_DECIMAL_TOLD = _told({"type": "string", "pattern": r"^[0-9]+([.][0-9]+)?$"})

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    PlainSerializer(format_instant, when_used="json"),
    _INSTANT_ASKED,
    _INSTANT_TOLD,
]
RequestInstant = Annotated[
    datetime,
    BeforeValidator(parse_request_instant),
    PlainSerializer(format_instant, when_used="json"),
    _REQUEST_INSTANT_ASKED,
    _INSTANT_TOLD,
]
ExactDecimal = Annotated[
    Decimal,
    BeforeValidator(parse_decimal),
    PlainSerializer(format_decimal, when_used="json"),
    _DECIMAL_ASKED,
    _DECIMAL_TOLD,
]
RequestDecimal = Annotated[
    Decimal,
    BeforeValidator(parse_request_decimal),
    PlainSerializer(format_decimal, when_used="json"),
    _REQUEST_DECIMAL_ASKED,
    _DECIMAL_TOLD,
]
NO_NUL = r"^[^\u0000]*$"
WITHOUT_NUL = Field(json_schema_extra={"pattern": NO_NUL})
"""What the published schema says of `without_nul`."""
