"""The table of tax rates: by country and tax class, each with the days on which it holds (MON-13)."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from domain.countries import Country
from domain.faults import Fault
from domain.taxes.sale import STANDARD_CLASS, Sale, TaxCase, TaxStatus, Treatments
from domain.taxes.treatment import TaxCategory, Treatment, taxed_at
from domain.values import Id, RequestDecimal, Strict

MOST_RATES = 200


def _a_fraction(rate: Decimal) -> Decimal:
    if rate >= 1:
        raise ValueError("takes a fraction below 1: 0.20 is 20 %")
    return rate


Rate = Annotated[
    RequestDecimal,
    AfterValidator(_a_fraction),
    Field(json_schema_extra={"pattern": r"^0{1,28}([.][0-9]{1,9})?$", "type": "string"}),
]


def _a_day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif type(value) is date:
        return value
    raise ValueError("takes a day such as 2026-07-01")


Day = Annotated[date, BeforeValidator(_a_day)]


class DatedRate(Strict):
    """A rate that holds from a day on, until the day on which it no longer does, if there is one (UTC)."""

    model_config = ConfigDict(serialize_by_alias=True)

    since: Annotated[Day, Field(alias="from")]
    until: Day | None = None
    rate: Rate

    def holds(self, on: date) -> bool:
        """Whether it holds on that day."""
        return self.since <= on and (self.until is None or on < self.until)


class ListedTax(Strict):
    """The rates of a tax class in a buyer's country.

    With `reverse_charge` a buyer with a tax id there, where the seller is of another country, accounts for the tax.
    """

    country: Country
    tax_class: Id = STANDARD_CLASS
    reverse_charge: bool = False
    rates: Annotated[tuple[DatedRate, ...], Field(min_length=1, max_length=MOST_RATES, strict=False)]

    @property
    def id(self) -> str:
        """What distinguishes it in the table: `DE/standard`."""
        return f"{self.country}/{self.tax_class}"

    def rate_on(self, on: date) -> Decimal | None:
        """The rate of that day; None before the first."""
        return next((each.rate for each in self.rates if each.holds(on)), None)

    def faults(self) -> Iterator[Fault]:
        """Yield the faults that concern several fields: each rate ends where the next begins."""
        for number, each in enumerate(self.rates):
            if each.until is not None and each.until <= each.since:
                yield Fault(("rates", number, "until"), each.until, f"a day after {each.since}, its first")
        for number, (before, after) in enumerate(zip(self.rates, self.rates[1:], strict=False), start=1):
            if before.until is None:
                takes = f"{after.since}, the day from which the next rate holds"
                yield Fault(("rates", number - 1, "until"), None, takes)
            elif before.until != after.since:
                takes = f"{before.until}, the day until which the rate before it holds: no two rates of one day, no gap"
                yield Fault(("rates", number, "from"), after.since, takes)


def faults_of_rates(tax_rates: Sequence[ListedTax]) -> Iterator[Fault]:
    """Yield the faults of each entry of a table, and one for each that another before it is of the same kind."""
    seen: set[str] = set()
    for index, each in enumerate(tax_rates):
        yield from (fault.under("tax_rates", index) for fault in each.faults())
        if each.id in seen:
            takes = "a country and a tax class that no entry before it has; its rates belong there"
            yield Fault(("tax_rates", index, "country"), each.id, takes)
        seen.add(each.id)


class TaxTable(Strict):
    """The rates of every country and class that has some, each once."""

    tax_rates: Annotated[tuple[ListedTax, ...], Field(min_length=1, max_length=10_000, strict=False)]

    def treatments(self, case: TaxCase) -> Treatments:
        """How each supply of the case is taxed."""
        sale = case.sale
        listed = {each.tax_class: each for each in self.tax_rates if each.country == sale.buyer.country}
        return {supply: _treatment(listed.get(supply.tax_class), sale, supply.on) for supply in case.supplies}


def _treatment(listed: ListedTax | None, sale: Sale, on: date) -> Treatment | None:
    buyer = sale.buyer
    if buyer.status is TaxStatus.EXEMPT:
        return Treatment(category=TaxCategory.EXEMPT)
    if listed is None:
        return None
    if listed.reverse_charge and buyer.tax_id and buyer.country != sale.seller:
        return Treatment(category=TaxCategory.REVERSE_CHARGE)
    rate = listed.rate_on(on)
    return None if rate is None else taxed_at(rate)
