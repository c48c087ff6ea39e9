"""Terms of payment, as data: when invoices fall due, and what follows an unpaid one (MON-5, MON-6)."""

from datetime import datetime, timedelta

from domain.policy import DEFAULT_PACK, PACKS
from domain.values import Frozen


class BillingTerms(Frozen):
    """The terms of payment of one programme. Each account has its own copy.

    Invoices close at the end of each calendar month, in UTC. `reminders` and `suspends_after` count from the due date;
    without `suspends_after` nothing is suspended for nonpayment.
    """

    name: str
    due_after: timedelta = timedelta(days=60)
    reminders: tuple[timedelta, ...] = (timedelta(days=1), timedelta(days=7), timedelta(days=14))
    suspends_after: timedelta | None = timedelta(days=30)

    def without_suspension(self) -> "BillingTerms":
        return self.model_copy(update={"suspends_after": None})


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
