"""What the subscriptions of a customer, a publisher, a partner or all come to, month by month."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from activities.billing.contracts import Whose
from domain.next_step import Do, NextStep
from perennial.sources.books import NotInBooks
from perennial.sources.sources import Sources
from statemachines.preview.portfolio import PortfolioForecast

ALL = Whose()
YEAR = 12
PAGE = 200


async def forecast_of(
    sources: Sources,
    whose: Whose,
    months: int,
    start: datetime | None,
    progress: Callable[[int, int], None],
) -> PortfolioForecast:
    """The forecast, simulated from what the books keep of each subscription.

    They are read from the books, a page at a time: asking ten thousand workflows would wake all of them. What a
    workflow has decided and not recorded yet, usually for less than a second, is not in it.
    """
    books = await sources.books()
    forecast = PortfolioForecast.of(start or sources.now(), months)
    if not await books.portfolio.knows(whose):
        asked = next(f"{kind} {name}" for kind, name in whose if name is not None)
        raise NotInBooks(f"There is no {asked}.", NextStep(Do.LIST_SUBSCRIPTIONS))
    size, after, done = await books.portfolio.size(whose), None, 0
    while page := await books.portfolio.page(whose, PAGE, after):
        for each in page:
            if each.subscription is None:
                forecast.left_out += 1
            else:
                forecast.add(each.subscription, each.usage)
            # Others of the program have a turn, and Ctrl-C.
            await asyncio.sleep(0)
        after, done = page[-1].subscription_id, done + len(page)
        progress(done, max(size, done))
    return forecast
