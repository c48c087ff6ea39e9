"""Every customer who has test clocks is moved, each by its own time; who cannot be is named."""

from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest

from activities.wall_clock import wall_clock
from perennial.rehearsal.clocks import Moved, advance_all
from perennial.sources.sources import Sources
from tests.support.live.purchases import order
from tests.support.live.repairs import Place
from workflows.durable.clock import TestClock

pytestmark = pytest.mark.live

JANUARY, MARCH = datetime(2027, 1, 15, 9, tzinfo=UTC), datetime(2027, 3, 20, tzinfo=UTC)


async def nobody(_: str) -> NoReturn:
    raise AssertionError("nobody signs in")


async def test_every_customer_with_test_clocks_is_moved(place: Place) -> None:
    """By calendar or by days; what is there already stays."""
    async with place.worker() as world:

        async def bought(customer: str, at: datetime, *, real: bool = False) -> str:
            wanted = order(customer=customer, at=at)
            clock = None if real else TestClock.ahead_by(at - datetime.now(UTC))
            await world.server.subscriptions.buy(wanted, clock=clock)
            await world.server.subscriptions.settled(wanted.subscription_id)
            return wanted.subscription_id

        one, other = await bought("one", JANUARY), await bought("one", JANUARY)
        later = await bought("later", MARCH)
        await bought("mixed", JANUARY)
        await bought("mixed", datetime.now(UTC), real=True)
        await bought("real", datetime.now(UTC), real=True)
        sources = Sources.of(world.server, world.books, nobody, wall_clock)
        seen: list[tuple[int, int, int]] = []

        def note(now: Moved) -> None:
            seen.append((now.done, len(now.under_way), len(now.waiting)))

        async def moved(to: datetime | None) -> Moved:
            """To that instant, or by a day."""
            if to is None:
                return await advance_all(sources, lambda now: now + timedelta(days=1))
            return await advance_all(sources, lambda now: to if now < to else None, note)

        found = await moved(datetime(2027, 3, 1, tzinfo=UTC))
        assert {customer: sorted(ids) for customer, (_, ids) in found.customers.items()} == {
            "one": sorted((one, other)),
            "later": [later],
        }
        assert list(found.left_out) == ["mixed"]
        assert "runs on real time: it was not bought with a test clock" in found.left_out["mixed"]
        assert seen[0] == (0, 0, 3)
        assert seen[-1] == (3, 0, 0)
        assert [done for done, *_ in seen] == [0, 1, 2, 3]
        assert all(sum(now) <= 3 for now in seen)
        events = {key: len(await world.books.subscriptions.events(key)) for key in (one, other, later)}
        assert events == {one: 2, other: 2, later: 1}
        again = await moved(None)
        assert again.customers["one"][0].date() == datetime(2027, 3, 2, tzinfo=UTC).date()
        assert again.customers["later"][0].date() == datetime(2027, 3, 21, tzinfo=UTC).date()
