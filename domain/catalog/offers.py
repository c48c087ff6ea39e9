"""Offers with their terms, prices and add-ons (CAT-1, CAT-2, TIM-6)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from domain.calendar import AnchorRule, BillingPlan, TermLength
from domain.faults import Fault
from domain.money import EXPONENTS, PRICE_DECIMALS, Currency, from_minor, price_fits
from domain.values import ExactDecimal, Frozen, Id, OmitEmpty, RequestDecimal, RequestInstant, Strict, format_instant

MAX_QUANTITY = 1_000_000_000
MAX_TRIAL_DAYS = 3650
MAX_ANNOUNCE_DAYS = 365
MAX_MINOR = 10**18
"""The largest amount of one ledger row, in minor units: well within a database's 64-bit integer."""


class Publisher(StrEnum):
    """CAT-1: whether Microsoft publishes the offer, or another publisher in the marketplace (`partner`)."""

    MICROSOFT = "microsoft"
    PARTNER = "partner"


class BillingType(StrEnum):
    """CAT-2: licences billed in advance, or usage billed in arrears (MON-3)."""

    LICENSE = "license"
    USAGE = "usage"


class Category(StrEnum):
    """CAT-2."""

    ENTERPRISE = "enterprise"
    SMALL_BUSINESS = "small_business"
    TRIAL = "trial"


class Setup(StrEnum):
    """ISV-4, ISV-5: whether the publisher must activate a purchase before its trial or term begins."""

    NONE = "none"
    PUBLISHER = "publisher"


class PinnedAddOn(Frozen):
    """An add-on, priced per billing period. It is suspended and reactivated with its subscription (SUS-2)."""

    id: Id
    unit_price: ExactDecimal


class AddOn(PinnedAddOn, Strict):
    """An add-on as read from a request or a file."""

    unit_price: RequestDecimal


class PinnedOffer(Frozen):
    """An offer as it was when ordered. The subscription keeps this copy (BUY-5)."""

    id: Id
    publisher: Publisher = Publisher.PARTNER
    billing_type: BillingType = BillingType.LICENSE
    category: Category = Category.ENTERPRISE
    term: TermLength
    billing_plan: BillingPlan
    currency: Currency
    unit_price: ExactDecimal
    trial_days: Annotated[int, Field(ge=0, le=MAX_TRIAL_DAYS)] = 0
    announce_days: Annotated[int, Field(ge=0, le=MAX_ANNOUNCE_DAYS)] = 0
    setup: Setup = Setup.NONE
    tax_class: OmitEmpty[Id | None] = None
    """By which it is taxed (MON-13); None is the standard class."""
    min_quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)] = 1
    max_quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)] = 10_000
    add_ons: tuple[PinnedAddOn, ...] = ()

    @property
    def metered(self) -> bool:
        """Whether it is billed by usage, in arrears (MON-3)."""
        return self.billing_type is BillingType.USAGE

    @property
    def marketplace(self) -> bool:
        """Whether another publisher offers it: only then can auto-renew be off (REN-2) or a cancel credited (CXL-1)."""
        return self.publisher is Publisher.PARTNER

    @property
    def anchor_rule(self) -> AnchorRule:
        """How period boundaries fall in short months (TIM-3, TIM-4)."""
        long_and_monthly = self.term.months >= 12 and self.billing_plan is BillingPlan.MONTHLY
        return AnchorRule.FROM_MONTH_END if long_and_monthly else AnchorRule.CLAMP

    @property
    def months_per_period(self) -> int:
        """The length of one billing period, in months."""
        return {
            BillingPlan.MONTHLY: 1,
            BillingPlan.ANNUAL: 12,
            BillingPlan.ONE_TIME: self.term.months,
        }[self.billing_plan]

    def add_on(self, add_on_id: str) -> PinnedAddOn | None:
        """Return the add-on with that id, or None."""
        return next((a for a in self.add_ons if a.id == add_on_id), None)

    def price_faults(self, path: tuple[str | int, ...], price: Decimal, quantity: int = 1) -> Iterator[Fault]:
        """Yield a fault if the price has too many decimals (MON-12), or amounts are too large for a ledger row."""
        most = max(quantity, self.max_quantity)
        if not price_fits(price):
            yield Fault(path, f"{price:f}", f"at most {PRICE_DECIMALS} decimals (MON-12)")
        elif Fraction(price) * most * 10 ** EXPONENTS[self.currency] > MAX_MINOR:
            limit = from_minor(MAX_MINOR, self.currency)
            yield Fault(path, f"{price:f}", f"a price that comes to at most {limit:f} for a quantity of {most}")


class Offer(PinnedOffer, Strict):
    """An offer as read from a request or a file: types are not converted."""

    unit_price: RequestDecimal
    add_ons: Annotated[tuple[AddOn, ...], Field(max_length=50, strict=False)] = ()

    @field_validator("billing_plan")
    @classmethod
    def _annual_needs_a_year(cls, plan: BillingPlan, info: ValidationInfo) -> BillingPlan:
        term = info.data.get("term")
        if plan is BillingPlan.ANNUAL and term is not None and term.months < 12:
            raise ValueError("takes monthly or one_time: `annual` needs a term of at least a year (TIM-6)")
        return plan

    def faults(self) -> Iterator[Fault]:
        """Yield the faults that concern several fields."""
        yield from self.price_faults(("unit_price",), self.unit_price)
        seen: set[str] = {self.id}
        for index, add_on in enumerate(self.add_ons):
            yield from self.price_faults(("add_ons", index, "unit_price"), add_on.unit_price)
            if add_on.id in seen:
                takes = "an id that neither the offer nor another of its add-ons has"
                yield Fault(("add_ons", index, "id"), add_on.id, takes)
            seen.add(add_on.id)
        if self.min_quantity > self.max_quantity:
            yield Fault(("min_quantity",), self.min_quantity, f"at most max_quantity ({self.max_quantity})")


class Price(Strict):
    """A unit price that applies from an instant on."""

    at: RequestInstant
    unit_price: RequestDecimal


def price_at(first: Decimal, changes: Iterable[Price], at: datetime) -> Decimal:
    """Return the price at the instant: that of the last change at or before it, else `first`. Changes are in order."""
    price = first
    for change in changes:
        if change.at <= at:
            price = change.unit_price
    return price


def order_faults(field: str, changes: Iterable[Price], first: datetime | None = None) -> Iterator[Fault]:
    """Yield a fault for each of the field's changes that is not after the one before it, or after `first`."""
    previous, whose = first, "the first price's"
    for index, change in enumerate(changes):
        if previous is not None and change.at <= previous:
            yield Fault((field, index, "at"), change.at, f"an instant after {whose} ({format_instant(previous)})")
        previous, whose = change.at, "the previous entry's"
