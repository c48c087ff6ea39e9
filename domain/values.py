"""The base classes of all models, and the types of their fields: instants, decimals, ids."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
FIRST_YEAR, LAST_YEAR = 1900, 9900
"""The years that a request may name: deadlines lie after its instant, and the calendar ends with the year 9999."""
_DECIMAL = re.compile(r"[0-9]{1,40}(\.[0-9]{1,20})?")
_REQUEST_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


CLOCK_SKEW = timedelta(minutes=1)
"""By how much the clocks of servers, workers and databases may differ. What is dated further ahead is refused."""


class Frozen(BaseModel):
    """A value inside the system. Unknown fields are ignored, so that values from newer versions can be read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


M = TypeVar("M", bound=Frozen)


def without_defaults(value: BaseModel) -> dict[str, Any]:
    """The value ready for JSON, without the fields that have their defaults: whoever reads it restores them."""
    return value.model_dump(mode="json", exclude_defaults=True)


Lean = Annotated[M, PlainSerializer(without_defaults, when_used="json")]
"""A field whose value is written `without_defaults`, where histories keep it. No default of such a value may change."""


T = TypeVar("T")
OmitEmpty = Annotated[T, Field(exclude_if=lambda value: not value)]
"""A field that is not written while it is None, False, 0 or empty, which has to be its default."""


class Worded(StrEnum):
    """Names, each with its words for people."""

    words: str

    def __new__(cls, name: str, words: str = "") -> Self:  # a call without words finds the name
        member = str.__new__(cls, name)
        member._value_, member.words = name, words
        return member


class Strict(BaseModel):
    """A value from outside: no coercion, no unknown fields, limited sizes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def parse_instant(value: object) -> datetime:
    """An aware instant in UTC, from a datetime or from ISO 8601 text with an offset. Raises ValueError (TIM-1)."""
    if type(value) is datetime and value.tzinfo is UTC:
        return value  # almost all are: every value inside the system
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
    """The instant as ISO 8601 in UTC with `Z`; microseconds only if they are not zero."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_decimal(value: object) -> Decimal:
    """A decimal of zero or more, from digits in a string or an integer, never a float. Raises ValueError (MON-1)."""
    if isinstance(value, Decimal) and value.is_finite() and value >= 0:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**40:
        value = str(value)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise ValueError('takes digits in a string, such as "30.00", or an integer; never a float')
    return Decimal(value)


def parse_request_decimal(value: object) -> Decimal:
    """A decimal in a request: at most 12 digits before the point and 9 after it. Raises ValueError."""
    exact = parse_decimal(value)
    if not _REQUEST_DECIMAL.fullmatch(format_decimal(exact)):
        raise ValueError("takes at most 12 digits before the point and 9 after it, in a string; never a float")
    return exact


def format_decimal(value: Decimal) -> str:
    """The decimal as plain digits, never with an exponent."""
    return f"{value:f}"


def parse_request_instant(value: object) -> datetime:
    """An instant in a request, far enough from the ends of the calendar for all deadlines. Raises ValueError."""
    instant = parse_instant(value)
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValueError(f"takes an instant from the year {FIRST_YEAR} to {LAST_YEAR}")
    return instant


def without_nul(text: str) -> str:
    """The text, if it has no NUL, which PostgreSQL cannot store. Raises ValueError."""
    if "\0" in text:
        raise ValueError("takes text without NUL characters")
    return text


def readable(text: str) -> str:
    """The text, if a person can read all of it on one line. Raises ValueError."""
    if not text.isprintable() or text != text.strip():
        raise ValueError("takes printable characters, without spaces at the start or the end")
    return text


def fingerprint(content: object) -> str:
    """A short digest of content that is ready for JSON: the same content always gives the same digest."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _accepted(schema: dict[str, Any]) -> WithJsonSchema:
    """The published schema of what may be sent: pydantic does not know what a validator accepts."""
    return WithJsonSchema(schema, mode="validation")


def _written(schema: dict[str, Any]) -> WithJsonSchema:
    """The published schema of what is written."""
    return WithJsonSchema(schema, mode="serialization")


_CLOCK = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_DAY = r"-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_OFFSET = r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
_FORMAT = {"type": "string", "format": "date-time"}
_INSTANT_ACCEPTED = _accepted({**_FORMAT, "pattern": rf"^[0-9]{{4}}{_DAY}{_CLOCK}([.][0-9]{{1,6}})?{_OFFSET}"})
_REQUEST_INSTANT_ACCEPTED = _accepted(
    {**_FORMAT, "pattern": rf"^(19|[2-8][0-9]|9[0-8])[0-9]{{2}}{_DAY}{_CLOCK}([.][0-9]{{1,6}})?{_OFFSET}"}
)
_INSTANT_WRITTEN = _written({**_FORMAT, "pattern": rf"^[0-9]{{4}}{_DAY}{_CLOCK}([.][0-9]{{6}})?Z$"})
_DECIMAL_ACCEPTED = _accepted(
    {
        "anyOf": [
            {"type": "string", "pattern": r"^[0-9]{1,40}([.][0-9]{1,20})?$"},
            {"type": "integer", "minimum": 0, "exclusiveMaximum": 10**40},
        ]
    }
)
_REQUEST_DECIMAL_ACCEPTED = _accepted(
    {
        "anyOf": [
            # Leading zeros do not count as digits of the number.
            {"type": "string", "pattern": r"^0{0,28}[0-9]{1,12}([.][0-9]{1,9})?$"},
            {"type": "integer", "minimum": 0, "exclusiveMaximum": 10**12},
        ]
    }
)
_DECIMAL_WRITTEN = _written({"type": "string", "pattern": r"^[0-9]+([.][0-9]+)?$"})

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    PlainSerializer(format_instant, when_used="json"),
    _INSTANT_ACCEPTED,
    _INSTANT_WRITTEN,
]
RequestInstant = Annotated[
    datetime,
    BeforeValidator(parse_request_instant),
    PlainSerializer(format_instant, when_used="json"),
    _REQUEST_INSTANT_ACCEPTED,
    _INSTANT_WRITTEN,
]
ExactDecimal = Annotated[
    Decimal,
    BeforeValidator(parse_decimal),
    PlainSerializer(format_decimal, when_used="json"),
    _DECIMAL_ACCEPTED,
    _DECIMAL_WRITTEN,
]
RequestDecimal = Annotated[
    Decimal,
    BeforeValidator(parse_request_decimal),
    PlainSerializer(format_decimal, when_used="json"),
    _REQUEST_DECIMAL_ACCEPTED,
    _DECIMAL_WRITTEN,
]
NO_NUL = r"^[^\u0000]*$"
WITHOUT_NUL = Field(json_schema_extra={"pattern": NO_NUL})
"""`without_nul` in the published schema."""

Signature = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(readable)]
"""Who acts, as people write it: `Zoë O'Neil <zoe@example.com>`. For the record; nothing is decided by it."""
