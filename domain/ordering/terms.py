"""Purchase terms: what one line's subscription starts with."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from domain.catalog.offers import Offer, PinnedOffer, Price, order_faults
from domain.faults import Fault
from domain.ordering.lines import PositiveQuantity
from domain.policy import DEFAULT_PACK, PACKS, PackName
from domain.roles import DEFAULT_ACTOR, RolePreset
from domain.subscription.scheduled import PriceFrom
from domain.subscription.subscription import Subscription
from domain.values import Id, RequestInstant, Strict, format_instant

LONGEST_AHEAD = timedelta(days=90)
"""How long after its order a subscription can begin (BUY-6)."""


def begins_too_early_or_late(at: datetime, begins_at: datetime) -> str | None:
    """What `begins_at` takes for an order at that instant; None if it is that (BUY-6)."""
    if at <= begins_at <= at + LONGEST_AHEAD:
        return None
    latest = format_instant(at + LONGEST_AHEAD)
    return f"an instant from the order ({format_instant(at)}) on, {LONGEST_AHEAD.days} days ahead at most: {latest}"


class Order(Strict):
    """What one subscription starts with. `account_opened` defaults to the instant of the order (SUS-3).

    With `begins_at` its trial, its term and their anchor begin then; until then it is pending (BUY-6).

    `prices` are the future prices of the offer in version `catalog_version` of the catalog (BUY-5).
    """

    subscription_id: Id
    customer: Id
    offer: Offer
    at: RequestInstant
    begins_at: RequestInstant | None = None
    quantity: PositiveQuantity = 1
    add_ons: Annotated[dict[Id, PositiveQuantity], Field(max_length=50)] = {}
    policy: PackName = DEFAULT_PACK
    account_opened: RequestInstant | None = None
    by: Annotated[str, Field(min_length=1, max_length=64)] = DEFAULT_ACTOR
    roles: Annotated[RolePreset, Field(strict=False)] = RolePreset.DEFAULT
    prices: Annotated[tuple[Price, ...], Field(max_length=100, strict=False)] = ()
    catalog_version: Annotated[int, Field(ge=0)] = 0

    def faults(self) -> Iterator[Fault]:
        """Yield the faults that concern several fields."""
        if found := list(self.offer.faults()):
            yield from (fault.under("offer") for fault in found)
        else:
            yield from self.offer.price_faults(("offer", "unit_price"), self.offer.unit_price, self.quantity)
            for index, price in enumerate(self.prices):
                yield from self.offer.price_faults(("prices", index, "unit_price"), price.unit_price, self.quantity)
        yield from order_faults("prices", self.prices)
        if self.begins_at and (takes := begins_too_early_or_late(self.at, self.begins_at)):
            yield Fault(("begins_at",), self.begins_at, takes)
        for add_on in self.add_ons:
            if self.offer.add_on(add_on) is None:
                known = ", ".join(a.id for a in self.offer.add_ons) or "none: the offer has no add-ons"
                yield Fault(("add_ons", add_on), add_on, f"an add-on of the offer ({known})")

    def subscription(self) -> Subscription:
        """Return the subscription as it is before its first event."""
        return Subscription(
            subscription_id=self.subscription_id,
            customer_id=self.customer,
            offer=PinnedOffer.model_validate(self.offer.model_dump()),
            policy=PACKS[self.policy],
            roles=self.roles,
            account_opened=self.account_opened or self.at,
            ordered_at=self.at,
            last_at=self.at,
            begins_at=self.begins_at,
            quantity=self.quantity,
            add_ons=dict(self.add_ons),
            unit_price=self.offer.unit_price,
            window_from=self.at,
            prices=tuple(PriceFrom(at=price.at, unit_price=price.unit_price) for price in self.prices),
            catalog_version=self.catalog_version,
        )
