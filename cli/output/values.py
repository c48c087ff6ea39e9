"""Values that documents of several nouns have."""

from typing import Annotated

from pydantic import Field

from domain.calendar import Period
from domain.money import Currency, Money
from domain.subscription.decision import Outcome
from domain.subscription.ledger import Kind
from domain.values import ExactDecimal, Frozen, Instant, OmitEmpty

Signed = Annotated[str, Field(pattern=r"^-?[0-9]+([.][0-9]+)?$")]
"""A decimal as text, which may be below zero."""
Units = int | Annotated[str, Field(pattern=r"^[0-9]+[.][0-9]+$")]
"""A quantity: a whole number, or a decimal as text."""


class Answered(Frozen):
    """The answer to a command. `credit`, `charge`, `ends_at` and `deletes_at` are left out where they say nothing."""

    at: Instant
    do: str
    outcome: Outcome
    rule: str
    effective_at: Instant | None
    credit: OmitEmpty[Money | None] = None
    charge: OmitEmpty[Money | None] = None
    message: str
    ends_at: OmitEmpty[Instant | None] = None
    deletes_at: OmitEmpty[Instant | None] = None


class Row(Frozen):
    """One charge or credit of the ledger; `amount` is never negative."""

    at: Instant
    kind: Kind
    line: str
    quantity: Units
    amount: ExactDecimal
    currency: Currency
    period: Period
    key: str
    tax_class: OmitEmpty[str | None] = None
