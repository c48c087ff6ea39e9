"""An order on its way: sent, watched until it is settled, and what is left to do for its buyer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from activities.orders.contracts import OrderLine, PlacedOrder
    from cli.printing.progress import Progress
    from domain.ordering.lines import OrderRequest
    from domain.ordering.setup_link import SetupLink
    from perennial.sources.books import Books
    from workflows.durable.test_clock import TestClock
    from workflows.order.client import OrderClient


async def send(orders: OrderClient, request: OrderRequest, clock: TestClock | None = None) -> None:
    """Have the server take the order."""
    from activities.settings import Settings

    await orders.place(request, clock=clock, periods_per_run=Settings.load().periods_per_run)


def counting(progress: Progress, key: str) -> Callable[[PlacedOrder], None]:
    """What tells a progress how far the order is: `12 of 50 lines`."""

    def watch(order: PlacedOrder) -> None:
        done = sum(line.settled for line in order.lines)
        progress.note(key, f"{done} of {len(order.lines)} lines")

    return watch


def all_bought(order: PlacedOrder) -> bool:
    """Whether nothing is left to buy of it."""
    from activities.orders.contracts import LineStatus

    return all(line.status is LineStatus.BOUGHT for line in order.lines)


async def setup_links(books: Books, order: PlacedOrder) -> dict[str, SetupLink]:
    """A new link for each subscription that waits for its publisher, by its id (ISV-1, ISV-3)."""
    found = {}
    for line in order.lines:
        if link := await _link(books, line):
            found[line.subscription_id] = link
    return found


async def _link(books: Books, line: OrderLine) -> SetupLink | None:
    from activities.errors import TokenRefused
    from activities.orders.contracts import LineStatus
    from activities.wall_clock import wall_clock
    from domain.catalog.offers import Setup
    from domain.subscription.events import State

    if line.status is not LineStatus.BOUGHT:
        return None
    purchase = await books.orders.purchase_of(line.subscription_id)
    if purchase is None or purchase.offer.setup is not Setup.PUBLISHER:
        return None
    listed = await books.subscriptions.listed(line.subscription_id)
    if listed and listed.state is not State.PENDING:
        return None
    try:
        return await books.setup_links.issue(line.subscription_id, wall_clock())
    except TokenRefused:  # its offer has no set-up address any more: bought it is, and `setup-link` says why not
        return None
