"""An offer as listed in the catalog: beyond its terms, to whom, where and at which prices it is sold."""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.catalog.customers import Customer, Name, Partner, Segment
from domain.catalog.offers import AddOn, Offer, Price, Setup, order_faults, price_at
from domain.catalog.publishers import ListedPublisher
from domain.countries import Country
from domain.faults import Fault
from domain.money import Currency
from domain.policy import DEFAULT_PACK, PackName
from domain.taxes.table import ListedTax
from domain.values import Id, Strict

FIXED = ("publisher", "billing_type", "term", "billing_plan", "currency")
"""Running subscriptions rely on these fields, so they never change for an offer id."""


# Plain http is allowed only for a page on the developer's own machine.
_PAGE = re.compile(r"(https://[A-Za-z0-9]|http://(127\.0\.0\.1|localhost)[:/])[!-~]{0,470}")
_STEERING = frozenset("\"'<>#?\\`")


def _a_page(url: str) -> str:
    if not _PAGE.fullmatch(url) or _STEERING & set(url):
        raise ValueError("takes an https:// address of at most 500 characters, without spaces, quotes, `?` or `#`")
    return url


PageUrl = Annotated[str, AfterValidator(_a_page)]


class ListedAddOn(AddOn):
    """An add-on as listed in the catalog. Its currency is the one of its offer."""

    currency: Currency | None = None


class ListedOffer(Offer):
    """An offer as listed in the catalog. `unit_price` is its first price; `prices` replace it from their instants on.

    `vendor` is the publisher's id (partner offers only), `countries` where customers are supported (None: everywhere),
    and `exclusive_to` the partners that may sell it (empty: all).
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
        """Return the unit price of a purchase at that instant."""
        return price_at(self.unit_price, self.prices, at)

    def coming_prices(self, at: datetime) -> tuple[Price, ...]:
        """Return the price changes that take effect after the instant (BUY-5)."""
        return tuple(price for price in self.prices if price.at > at)

    def sold(self, at: datetime, *, trial: bool = True) -> Offer:
        """Return the copy that a subscription bought at `at` keeps (BUY-5), without a trial that is used up (TRI-4)."""
        kept = self.model_dump(include=set(Offer.model_fields), exclude={"add_ons"})
        kept["unit_price"] = self.price_at(at)
        kept["add_ons"] = tuple(AddOn(id=add_on.id, unit_price=add_on.unit_price) for add_on in self.add_ons)
        if not trial:
            kept["trial_days"] = 0
        return Offer.model_validate(kept)

    def faults(self) -> Iterator[Fault]:
        """Yield the faults that concern several fields."""
        yield from super().faults()
        for index, price in enumerate(self.prices):
            yield from self.price_faults(("prices", index, "unit_price"), price.unit_price)
        yield from order_faults("prices", self.prices)
        for index, add_on in enumerate(self.add_ons):
            if add_on.currency not in {None, self.currency}:
                yield Fault(
                    ("add_ons", index, "currency"), add_on.currency, f"{self.currency}, the offer's own currency"
                )
        yield from self._publisher_faults()
        if self.setup is Setup.PUBLISHER and self.setup_url is None:
            takes = "the https:// address of the publisher's page, because `setup` is publisher"
            yield Fault(("setup_url",), None, takes)
        if self.setup is Setup.NONE and self.setup_url is not None:
            yield Fault(("setup_url",), self.setup_url, "nothing: `setup` is none")

    def _publisher_faults(self) -> Iterator[Fault]:
        """Only offers of other publishers have the fields of ELG-3 to ELG-5 and a set-up (ISV-5)."""
        if self.marketplace:
            if self.vendor is None:
                yield Fault(("vendor",), None, "the id of the publisher, because `publisher` is partner")
            return
        for field in ("vendor", "countries", "exclusive_to", "in_programme", "setup"):
            if (got := getattr(self, field)) != type(self).model_fields[field].default:
                got = ", ".join(got) if isinstance(got, tuple) else got
                yield Fault((field,), got, "nothing: only partner offers have it")


class Contents(Strict):
    """The records of one or more catalog files. An import leaves records that are not in them unchanged."""

    partners: Annotated[tuple[Partner, ...], Field(strict=False)] = ()
    customers: Annotated[tuple[Customer, ...], Field(strict=False)] = ()
    offers: Annotated[tuple[ListedOffer, ...], Field(strict=False)] = ()
    publishers: Annotated[tuple[ListedPublisher, ...], Field(max_length=500, strict=False)] = ()
    tax_rates: Annotated[tuple[ListedTax, ...], Field(max_length=10_000, strict=False)] = ()
