"""What the catalog knows of an offer beyond the copy that a subscription keeps: to whom, where and when it is sold."""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.catalog.customers import Country, Customer, Name, Partner, Segment
from domain.catalog.offers import AddOn, Offer, Price, Setup, order_faults, price_at
from domain.money import Currency
from domain.policy import DEFAULT_PACK, PackName
from domain.values import Id, Strict

PathFault = tuple[tuple[str | int, ...], object, str]

FIXED = ("publisher", "billing_type", "term", "billing_plan", "currency")
"""What running subscriptions rely on: under one id it never changes."""


# Plain http is for a publisher's page on the developer's own machine.
_PAGE = re.compile(r"(https://[A-Za-z0-9]|http://(127\.0\.0\.1|localhost)[:/])[!-~]{0,470}")
_STEERING = frozenset("\"'<>#?\\`")


def _a_page(url: str) -> str:
    if not _PAGE.fullmatch(url) or _STEERING & set(url):
        raise ValueError("takes an https:// address of at most 500 characters, without blanks, quotes, `?` and `#`")
    return url


PageUrl = Annotated[str, AfterValidator(_a_page)]


class ListedAddOn(AddOn):
    """An add-on as the catalog describes it: in its offer's currency."""

    currency: Currency | None = None


class ListedOffer(Offer):
    """An offer as the catalog describes it. `unit_price` holds from the beginning, `prices` from their instants.

    `vendor` is the ISV that publishes it; `countries` where it supports customers, None for everywhere;
    `exclusive_to` the partners that may sell it, empty for all.
    """

    name: Name
    vendor: Id | None = None
    segments: Annotated[tuple[Annotated[Segment, Field(strict=False)], ...], Field(min_length=1, strict=False)] = tuple(
        Segment
    )
    countries: Annotated[tuple[Country, ...], Field(min_length=1, max_length=300, strict=False)] | None = None
    one_per_customer: bool = False
    exclusive_to: Annotated[tuple[Id, ...], Field(max_length=1000, strict=False)] = ()
    in_programme: bool = True
    transactable: bool = True
    setup_url: PageUrl | None = None
    policy: PackName = DEFAULT_PACK
    prices: Annotated[tuple[Price, ...], Field(max_length=100, strict=False)] = ()
    add_ons: Annotated[tuple[ListedAddOn, ...], Field(max_length=50, strict=False)] = ()

    def price_at(self, at: datetime) -> Decimal:
        """The price of a purchase at that instant."""
        return price_at(self.unit_price, self.prices, at)

    def coming_prices(self, at: datetime) -> tuple[Price, ...]:
        """The price changes that begin after the instant (BUY-5)."""
        return tuple(price for price in self.prices if price.at > at)

    def sold(self, at: datetime, *, trial: bool = True) -> Offer:
        """The copy that a subscription bought then keeps (BUY-5); without its trial where that is used up (TRI-4)."""
        kept = self.model_dump(include=set(Offer.model_fields), exclude={"add_ons"})
        kept["unit_price"] = self.price_at(at)
        kept["add_ons"] = tuple(AddOn(id=add_on.id, unit_price=add_on.unit_price) for add_on in self.add_ons)
        if not trial:
            kept["trial_days"] = 0
        return Offer.model_validate(kept)

    def faults(self) -> Iterator[PathFault]:
        """What no single field shows to be wrong: (path, what came, what it takes)."""
        yield from super().faults()
        yield from self._price_schedule_faults()
        for index, add_on in enumerate(self.add_ons):
            if add_on.currency not in {None, self.currency}:
                yield ("add_ons", index, "currency"), add_on.currency, f"{self.currency}, the offer's own currency"
        yield from self._publisher_faults()
        if self.setup is Setup.PUBLISHER and self.setup_url is None:
            yield ("setup_url",), None, "the https:// address of the publisher's page, since `setup` is publisher"
        if self.setup is Setup.NONE and self.setup_url is not None:
            yield ("setup_url",), self.setup_url, "nothing: `setup` is none"

    def _price_schedule_faults(self) -> Iterator[PathFault]:
        for index, price in enumerate(self.prices):
            yield from self.price_faults(("prices", index, "unit_price"), price.unit_price)
        for index, got, takes in order_faults(self.prices):
            yield ("prices", index, "at"), got, takes

    def _publisher_faults(self) -> Iterator[PathFault]:
        """ELG-3 to ELG-5 are an ISV's choices; ISV-5: Microsoft's own need no set-up."""
        if self.marketplace:
            if self.vendor is None:
                yield ("vendor",), None, "the id of the ISV, since `publisher` is partner"
            return
        for field, unset in {
            "vendor": None,
            "countries": None,
            "exclusive_to": (),
            "in_programme": True,
            "setup": Setup.NONE,
        }.items():
            if (got := getattr(self, field)) != unset:
                yield (field,), _plain(got), "nothing: only a partner's offer has it"


def _plain(value: object) -> object:
    return ", ".join(value) if isinstance(value, tuple) else value


class Contents(Strict):
    """What a catalog file holds, or several together. What it does not name stays as it is."""

    partners: Annotated[tuple[Partner, ...], Field(strict=False)] = ()
    customers: Annotated[tuple[Customer, ...], Field(strict=False)] = ()
    offers: Annotated[tuple[ListedOffer, ...], Field(strict=False)] = ()
