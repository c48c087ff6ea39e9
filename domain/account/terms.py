"""Terms of payment, as data: when invoices close and fall due, and what follows an unpaid one (MON-6, MON-11)."""

from datetime import datetime, timedelta
from decimal import Decimal

from domain.policy import DEFAULT_PACK, PACKS
from domain.values import ExactDecimal, Frozen, Worded


class HoldScope(Worded):
    """On what an unpaid invoice leads to a hold (MON-9)."""

    UNPAID = "unpaid", "of what is unpaid"
    ALL = "all", "of every licensed subscription"


class DunningTerms(Frozen):
    """What follows an unpaid invoice. Each invoice has those that held when it closed (MON-11).

    `reminders` and `suspends_after` count from the due date; without `suspends_after` nothing is suspended for
    nonpayment.
    """

    reminders: tuple[timedelta, ...] = (timedelta(days=1), timedelta(days=7), timedelta(days=14))
    suspends_after: timedelta | None = timedelta(days=30)
    holds: HoldScope = HoldScope.UNPAID


class BillingTerms(DunningTerms):
    """The terms of payment of one programme. Each account has its own copy.

    Invoices close on the `invoice_day` of each month at 00:00 UTC: on the first, that is the end of the calendar month.
    Less than the `tolerance`, in the major unit of the currency, stays owed but is not chased. With `sell_while_held`
    the customer may buy while held (ELG-10).
    """

    name: str
    invoice_day: int = 1
    due_after: timedelta = timedelta(days=60)
    tolerance: ExactDecimal = Decimal("1.00")
    sell_while_held: bool = False

    def without_suspension(self) -> "BillingTerms":
        return self.model_copy(update={"suspends_after": None})

    def with_suspension(self) -> "BillingTerms":
        """The terms with suspension after as many days as they have, or else as their policy pack has."""
        after = self.suspends_after
        return self.model_copy(
            update={"suspends_after": terms_of(self.name).suspends_after if after is None else after}
        )

    @property
    def dunning(self) -> DunningTerms:
        """What follows an unpaid invoice that closes now."""
        return DunningTerms(reminders=self.reminders, suspends_after=self.suspends_after, holds=self.holds)

    def closes_after(self, instant: datetime) -> datetime:
        """The first invoice day after the instant (MON-11)."""
        first = instant.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        in_month = first.replace(day=self.invoice_day)
        return in_month if in_month > instant else month_end(first).replace(day=self.invoice_day)

    @property
    def words(self) -> str:
        """Such as `due after 60 days, suspension 30 days after the due date of what is unpaid, tolerance 1.00`."""
        suspends = "no suspension for nonpayment"
        if self.suspends_after is not None:
            suspends = f"suspension {self.suspends_after.days} days after the due date {self.holds.words}"
        reminders = ", ".join(str(reminder.days) for reminder in self.reminders)
        parts = [
            f"due after {self.due_after.days} days",
            f"reminders {reminders} days after the due date" if reminders else "no reminders",
            suspends,
            f"tolerance {self.tolerance:f}",
        ]
        if self.invoice_day != 1:
            parts.insert(0, f"invoiced on day {self.invoice_day} of the month")
        if self.sell_while_held:
            parts.append("new purchases while suspended")
        return ", ".join(parts)


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
