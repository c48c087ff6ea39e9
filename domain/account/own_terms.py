"""A customer's own terms of payment, in place of those of the policy pack (MON-8, MON-9, MON-11)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from domain.account.terms import BillingTerms, HoldScope, terms_of
from domain.money import EXPONENTS
from domain.values import RequestDecimal, Strict

FINEST = max(EXPONENTS.values())
"""The most decimals that any currency has."""
LAST_INVOICE_DAY = 28
"""The last day of the month that every month has."""
MOST_DAYS = 365
"""The longest time until an invoice is due, and from there to anything that follows, in days."""
MOST_REMINDERS = 12
MONTH_END, NEVER = "month_end", "never"


def _takes(words: str, fits: Callable[[Any], bool]) -> BeforeValidator:
    """A check of a field's raw value; None is a field that is not given."""

    def checked(value: object) -> object:
        if value is None or fits(value):
            return value
        raise ValueError(f"takes {words}")

    return BeforeValidator(checked)


def _is_day(value: object) -> bool:
    return type(value) is int and 1 <= value <= LAST_INVOICE_DAY


def _are_days(value: object) -> bool:
    return type(value) is int and 0 <= value <= MOST_DAYS


def _are_rising_days(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) > MOST_REMINDERS or not all(map(_are_days, value)):
        return False
    return all(before < after for before, after in pairwise(value))


def _of_some_currency(tolerance: Decimal) -> Decimal:
    if tolerance != round(tolerance, FINEST):
        raise ValueError(f"takes at most {FINEST} decimals: no currency has more")
    return tolerance


_NULL: dict[str, Any] = {"type": "null"}
_DAYS: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": MOST_DAYS}
_DAY_OF_MONTH = {"type": "integer", "minimum": 1, "maximum": LAST_INVOICE_DAY}
_IF_GIVEN = Field(exclude_if=lambda value: value is None)
_IN_DAYS = f"a whole number of days from 0 to {MOST_DAYS}"

InvoiceDay = Annotated[
    int | None,
    _takes(f"a day of the month from 1 to {LAST_INVOICE_DAY}, or {MONTH_END}", _is_day),
    BeforeValidator(lambda value: 1 if value == MONTH_END else value),
    WithJsonSchema({"anyOf": [_DAY_OF_MONTH, {"const": MONTH_END}, _NULL]}),
    _IF_GIVEN,
]
Days = Annotated[int | None, _takes(_IN_DAYS, _are_days), WithJsonSchema({"anyOf": [_DAYS, _NULL]}), _IF_GIVEN]
ReminderDays = Annotated[
    tuple[int, ...] | None,
    Field(strict=False),
    _IF_GIVEN,
    _takes(f"up to {MOST_REMINDERS} numbers of days from 0 to {MOST_DAYS}, in rising order", _are_rising_days),
    WithJsonSchema({"anyOf": [{"type": "array", "items": _DAYS, "maxItems": MOST_REMINDERS}, _NULL]}),
]
# Null is never: where it is not given it must not be written, nor filled in as the default.
SuspendDays = Annotated[
    int | Literal["never"] | None,
    _takes(f"{_IN_DAYS}, or never (null)", lambda value: value == NEVER or _are_days(value)),
    BeforeValidator(lambda value: NEVER if value is None else value),
    WithJsonSchema({"anyOf": [_DAYS, {"const": NEVER}, _NULL]}),
    _IF_GIVEN,
    Field(json_schema_extra=lambda schema: schema.pop("default")),
]


class OwnTerms(Strict):
    """A customer's own terms, in place of those of the policy pack. A field that is not given stays as it is (MON-11).

    Days count from the invoice's date to its due date, and from there to reminders and suspension. `invoice_day` is 1
    to 28, or `month_end`, which is the same as 1. `suspend_days` is null for never.
    """

    invoice_day: InvoiceDay = None
    due_days: Days = None
    reminder_days: ReminderDays = None
    suspend_days: SuspendDays = None
    tolerance: Annotated[RequestDecimal, AfterValidator(_of_some_currency)] | None = None
    holds: Annotated[HoldScope, Field(strict=False)] | None = None
    sell_while_held: bool | None = None

    @classmethod
    def of(cls, terms: BillingTerms) -> "OwnTerms":
        """In what those terms differ from their policy pack's: the customer's own part."""
        of_pack = _values(terms_of(terms.name))
        return cls(**{name: value for name, value in _values(terms).items() if value != of_pack[name]})

    def instead_in(self, terms: BillingTerms) -> BillingTerms:
        """The terms with these fields in place of theirs."""
        own = {name: getattr(self, name) for name in OwnTerms.model_fields}
        values = _values(terms) | {name: value for name, value in own.items() if value is not None}
        due, reminders, suspends = (values.pop(name) for name in ("due_days", "reminder_days", "suspend_days"))
        return BillingTerms(
            name=terms.name,
            due_after=timedelta(days=due),
            reminders=tuple(timedelta(days=each) for each in reminders),
            suspends_after=None if suspends == NEVER else timedelta(days=suspends),
            **values,
        )


def _values(terms: BillingTerms) -> dict[str, Any]:
    """The terms by the names and in the units of `OwnTerms`."""
    return {
        "invoice_day": terms.invoice_day,
        "due_days": terms.due_after.days,
        "reminder_days": tuple(each.days for each in terms.reminders),
        "suspend_days": NEVER if terms.suspends_after is None else terms.suspends_after.days,
        "tolerance": terms.tolerance,
        "holds": terms.holds,
        "sell_while_held": terms.sell_while_held,
    }
