"""What a customer's first page of a large catalog costs, beside reading the whole catalog to show the same page.

Both are timed in this process, turn by turn, over the same fresh SQLite file; memory is measured in runs of its own.
"""

import argparse
import asyncio
import gc
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.subscription.holdings import SqlHoldings
from domain.catalog.catalog import Contents, ListedOffer
from domain.catalog.customers import Customer
from domain.ordering.eligibility import Ownership, listing_refusals

NOW = datetime(2027, 1, 15, 9, tzinfo=UTC)
SHOWN = 50
BATCH = 200
"""As `catalog list --customer` reads it."""
COUNTRIES = ["US", "DE", "FR", "JP", "BR", "IN", "GB", "CA"]


def contents(offers: int) -> Contents:
    """A customer, and offers of every kind: by country, partner, segment and type about half are not for it."""
    return Contents.model_validate(
        {
            "partners": [{"id": "northwind", "name": "Northwind Traders"}, {"id": "tailspin", "name": "Tailspin Toys"}],
            "customers": [
                {
                    "id": "fabrikam",
                    "name": "Fabrikam",
                    "partner": "northwind",
                    "country": "US",
                    "segment": "commercial",
                    "account_opened": NOW,
                }
            ],
            "offers": [_offer(number) for number in range(offers)],
        },
        strict=False,
    )


def _offer(number: int) -> dict[str, Any]:
    offer: dict[str, Any] = {
        "id": f"offer-{number:06}",
        "name": f"Product {number} for everybody who needs one",
        "vendor": f"isv-{number % 97}",
        "category": ("enterprise", "small_business", "trial")[number % 3],
        "term": ("P1M", "P1Y")[number % 2],
        "billing_plan": "monthly",
        "currency": "USD",
        "unit_price": f"{number % 90 + 1}.00",
        "one_per_customer": number % 5 == 0,
        "trial_days": 30 if number % 4 == 0 else 0,
        "add_ons": [{"id": f"add-on-{n}", "unit_price": "1.50"} for n in range(number % 4)],
        "prices": [{"at": datetime(2028, 1, 1, tzinfo=UTC), "unit_price": f"{number % 90 + 2}.00"}],
    }
    if number % 3 == 0:
        offer["countries"] = [COUNTRIES[(number // 3 + n) % len(COUNTRIES)] for n in range(4)]
    if number % 7 == 0:
        offer["exclusive_to"] = ["tailspin"]
    if number % 11 == 0:
        offer["segments"] = ["education", "nonprofit"]
    return offer


class Shop:
    """The catalog as one customer sees it."""

    def __init__(self, database: Database, customer: Customer, offers: int) -> None:
        self._catalog, self._holdings = SqlCatalog(database), SqlHoldings(database)
        self._customer = customer
        self._offers = offers

    async def first_page(self) -> list[ListedOffer]:
        """As many batches as it takes."""
        found: list[ListedOffer] = []
        after: str | None = None
        while len(found) <= SHOWN:
            offers = await self._catalog.page(limit=BATCH, after=after)
            found += await self._available(offers)
            if len(offers) < BATCH:
                break
            after = offers[-1].id
        return found[:SHOWN]

    async def all_then_cut(self) -> list[ListedOffer]:
        """Everything, to show as much of it."""
        return (await self._available(await self._catalog.page(limit=self._offers)))[:SHOWN]

    async def _available(self, offers: list[ListedOffer]) -> list[ListedOffer]:
        held = await self._holdings.holdings(self._customer.id, [offer.id for offer in offers])
        return [o for o in offers if not listing_refusals(o, self._customer, held.get(o.id, Ownership()))]


Listing = Callable[[], Awaitable[list[ListedOffer]]]


async def milliseconds(listing: Listing) -> float:
    """Wall-clock time of one listing."""
    gc.collect()
    began = time.perf_counter()
    await listing()
    return (time.perf_counter() - began) * 1000


async def megabytes(listing: Listing) -> float:
    """The most that Python held at once beyond what it held before."""
    gc.collect()
    tracemalloc.start()
    await listing()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


async def measure(offers: int, runs: int, directory: Path) -> str:
    url = f"sqlite:///{directory / 'perennial.db'}"
    await upgrade(url)
    async with Database(url) as database:
        filled = contents(offers)
        began = time.perf_counter()
        await SqlCatalog(database).import_contents(filled, "generated", NOW)
        imported = time.perf_counter() - began
        shop = Shop(database, filled.customers[0], offers)
        page = await shop.first_page()
        if page != await shop.all_then_cut():
            raise SystemExit("The two listings differ.")
        pages, wholes = [], []
        for _ in range(runs):
            pages.append(await milliseconds(shop.first_page))
            wholes.append(await milliseconds(shop.all_then_cut))
        peak_of_page, peak_of_whole = await megabytes(shop.first_page), await megabytes(shop.all_then_cut)
    one, whole = statistics.median(pages), statistics.median(wholes)
    return (
        f"{offers} offers imported at once in {imported:.1f} s; {len(page)} shown to one customer, {runs} runs\n"
        f"first page      median {one:8.1f} ms   (fastest {min(pages):.1f}, slowest {max(pages):.1f}), "
        f"{peak_of_page:.1f} MB at most\n"
        f"whole catalog   median {whole:8.1f} ms   (fastest {min(wholes):.1f}, slowest {max(wholes):.1f}), "
        f"{peak_of_whole:.1f} MB at most\n"
        f"ratio of medians {whole / one:.1f}, of memory {peak_of_whole / peak_of_page:.1f}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, default=5000, help="how many offers the catalog holds (default: 5000)")
    parser.add_argument("--runs", type=int, default=15, help="how often each is timed (default: 15)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        sys.stdout.write(asyncio.run(measure(asked.offers, asked.runs, Path(directory))))


if __name__ == "__main__":
    main()
