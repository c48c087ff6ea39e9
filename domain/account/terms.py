"""Terms of payment, as data: when invoices fall due, and what follows an unpaid one (MON-5, MON-6)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.money import EXPONENTS
from domain.policy import DEFAULT_PACK, PACKS
from domain.values import ExactDecimal, Frozen, RequestDecimal, Strict, Worded

FINEST = max(EXPONENTS.values())
"""The most decimals that any currency has."""


class HoldScope(Worded):
    """On what an unpaid invoice leads to a hold (MON-9)."""

    UNPAID = "unpaid", "of what is unpaid"
    ALL = "all", "of every licensed subscription"


class BillingTerms(Frozen):
    """The terms of payment of one programme. Each account has its own copy.

    Invoices close at the end of each calendar month, in UTC. `reminders` and `suspends_after` count from the due date;
    without `suspends_after` nothing is suspended for nonpayment. Less than the `tolerance`, in the major unit of the
    currency, stays owed but is not chased. With `sell_while_held` the customer may buy while held (ELG-10).
    """

    name: str
    due_after: timedelta = timedelta(days=60)
    reminders: tuple[timedelta, ...] = (timedelta(days=1), timedelta(days=7), timedelta(days=14))
    suspends_after: timedelta | None = timedelta(days=30)
    tolerance: ExactDecimal = Decimal("1.00")
    holds: HoldScope = HoldScope.UNPAID
    sell_while_held: bool = False

    def without_suspension(self) -> "BillingTerms":
        return self.model_copy(update={"suspends_after": None})

    @property
    def words(self) -> str:
        """Such as `due after 60 days, suspension 30 days after the due date of what is unpaid, tolerance 1.00`."""
        suspends = "no suspension for nonpayment"
        if self.suspends_after is not None:
            suspends = f"suspension {self.suspends_after.days} days after the due date {self.holds.words}"
        parts = [f"due after {self.due_after.days} days", suspends, f"tolerance {self.tolerance:f}"]
        if self.sell_while_held:
            parts.append("new purchases while suspended")
        return ", ".join(parts)


def _of_some_currency(tolerance: Decimal) -> Decimal:
    if tolerance != round(tolerance, FINEST):
        raise ValueError(f"takes at most {FINEST} decimals: no currency has more")
    return tolerance


class OwnTerms(Strict):
    """A customer's own terms, in place of those of the policy pack. A field that is not given stays as it is."""

    tolerance: Annotated[RequestDecimal, AfterValidator(_of_some_currency)] | None = None
    holds: Annotated[HoldScope, Field(strict=False)] | None = None
    sell_while_held: bool | None = None

    @classmethod
    def of(cls, terms: BillingTerms) -> "OwnTerms":
        """The customer's own part of those terms."""
        return cls(**{name: getattr(terms, name) for name in OwnTerms.model_fields})

    def instead_in(self, terms: BillingTerms) -> BillingTerms:
        """The terms with these fields in place of theirs."""
        own = {name: getattr(self, name) for name in OwnTerms.model_fields}
        return terms.model_copy(update={name: value for name, value in own.items() if value is not None})


TERMS: dict[str, BillingTerms] = {
    **{name: BillingTerms(name=name) for name in PACKS},
    "saas-fulfillment-v2": BillingTerms(
        name="saas-fulfillment-v2",
        reminders=(timedelta(days=1), timedelta(days=7)),
        suspends_after=timedelta(days=14),
    ),
}
"""The terms of payment, by the name of the policy pack."""


def terms_of(pack: str) -> BillingTerms:
    """The terms of payment of a policy pack; those of the default pack if it is unknown."""
    return TERMS.get(pack, TERMS[DEFAULT_PACK])


def month_end(instant: datetime) -> datetime:
    """The end of the calendar month, which is the first instant of the next one (TIM-1)."""
    year, month = divmod(instant.year * 12 + instant.month, 12)
    return instant.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
