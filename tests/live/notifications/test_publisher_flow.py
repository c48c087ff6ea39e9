"""A publisher told by a real worker, asking a real gateway, looked at in a real browser (ISV-1 to ISV-4)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from playwright.async_api import Browser, Page, expect

from domain.subscription.events import State
from domain.subscription.ledger import Kind
from examples.publisher.server import PublisherServer
from hosting.embedded.server import EmbeddedServer
from tests.support.browser import visiting
from tests.support.live.marketplace import MAX_QUANTITY, Marketplace, heard, rejected, running_marketplace

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
async def met(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Marketplace]:
    async with running_marketplace(server, tmp_path_factory.mktemp("met")) as met:
        yield met
        # Over all that was told, also while a gateway was asked.
        assert flawless(met.contoso)
        assert flawless(met.wingtip)


def flawless(publisher: PublisherServer) -> bool:
    figures = publisher.log.figures()
    return figures.verdicts.keys() <= {"applied"} and not figures.applied_twice + figures.applied_out_of_order


@pytest.fixture
async def page(browser: Browser, met: Marketplace) -> AsyncIterator[Page]:
    """A buyer's tab, at Contoso."""
    async with visiting(browser, met.contoso.address) as page:
        yield page


async def activated_in(page: Page, link: str) -> None:
    await page.goto(link)
    await page.get_by_role("button", name="Activate").click()
    await expect(page.get_by_role("status")).to_contain_text("You are all set")


async def test_a_buyer_sets_up_and_the_publisher_hears_of_it(met: Marketplace, page: Page) -> None:
    """ISV-1: from the link to the trial; each event is told once and in order (invariant 13)."""
    subscription_id = await met.buy("contoso-set-up")
    await page.goto(await met.link(subscription_id))
    shown = page.get_by_role("main")
    customer = (await met.world.server.subscriptions.details(subscription_id)).customer_id
    for words in ("Set up contoso-set-up", customer, "pending", subscription_id):
        await expect(shown).to_contain_text(words)
    assert await met.state(subscription_id) is State.PENDING
    await page.get_by_role("button", name="Activate").click()
    details = await met.world.server.subscriptions.details(subscription_id)
    assert details.state is State.TRIAL
    assert details.trial_end is not None
    until = f"{details.trial_end.day} {details.trial_end:%B %Y, %H:%M} UTC"
    await expect(page.get_by_role("status")).to_contain_text("You are all set")
    await expect(page.get_by_role("status")).to_contain_text(f"Your trial runs until {until}")
    await met.told(subscription_id, 3)
    await page.goto(f"/events?subscription={subscription_id}")
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(3)
    for row, (number, event, state) in enumerate(
        [("3", "trial_started", "trial"), ("2", "activated", "pending"), ("1", "purchased", "pending")]
    ):
        cells = rows.nth(row).locator("td")
        for cell, words in ((2, number), (4, event), (5, state), (7, "applied")):
            await expect(cells.nth(cell)).to_have_text(words)
    await page.goto("/subscriptions")
    await expect(page.get_by_role("row").filter(has_text=subscription_id)).to_contain_text("trial_started")


async def test_isv_3_a_link_that_has_expired_says_so(met: Marketplace, page: Page) -> None:
    """While it is open, too."""
    subscription_id = await met.buy("contoso-set-up")
    response = await page.goto(await met.link(subscription_id, datetime.now(UTC) - timedelta(hours=24)))
    assert response is not None
    assert response.status == 403
    said = page.get_by_role("alert")
    await expect(said).to_contain_text("This link cannot be used")
    await expect(said).to_contain_text("It has expired, is not complete")
    await expect(said).to_contain_text("A link is valid for 24 hours. Ask for a new one where you bought")
    await expect(page.get_by_role("button")).to_have_count(0)
    assert await met.state(subscription_id) is State.PENDING


async def test_isv_3_a_token_of_something_else_is_not_believed(met: Marketplace, page: Page) -> None:
    """Altered, cut, and of a purchase at another publisher."""
    subscription_id, elsewhere = await met.buy("contoso-set-up"), await met.buy("wingtip-set-up")
    link = await met.link(subscription_id)
    changed = link[:-1] + ("a" if link[-1] != "a" else "b")
    misled = f"{met.contoso.address}/set-up?{(await met.link(elsewhere)).partition('?')[2]}"
    for wrong in (changed, link[:-1], misled):
        response = await page.goto(wrong)
        assert response is not None
        assert response.status == 403
        await expect(page.get_by_role("alert")).to_contain_text("This link cannot be used")
    for untouched in (subscription_id, elsewhere):
        assert await met.state(untouched) is State.PENDING


async def test_what_is_active_stays_as_it_is(met: Marketplace, page: Page) -> None:
    """MON-7: a page that was open meanwhile, sent again; and the link, opened again."""
    subscription_id = await met.buy("contoso-set-up")
    link = await met.link(subscription_id)
    await page.goto(link)
    await activated_in(await page.context.new_page(), await met.link(subscription_id))
    before = await met.world.server.subscriptions.life(subscription_id)
    await page.get_by_role("button", name="Activate").click()
    await expect(page.get_by_role("status")).to_contain_text("It was already activated")
    await expect(page.get_by_role("status")).to_contain_text("Your trial runs until")
    await page.goto(link)
    await expect(page.get_by_role("status")).to_contain_text("This subscription is already set up")
    await expect(page.get_by_role("button")).to_have_count(0)
    assert (await met.world.server.subscriptions.life(subscription_id)).subscription == before.subscription


async def test_what_has_ended_cannot_begin(met: Marketplace, page: Page) -> None:
    """LIF-1: cancelled while the page was open."""
    subscription_id = await met.buy("contoso-set-up")
    link = await met.link(subscription_id)
    await page.goto(link)
    await met.cancel(subscription_id)
    await page.get_by_role("button", name="Activate").click()
    await expect(page.get_by_role("alert")).to_contain_text("It cannot be activated")
    await expect(page.get_by_role("alert")).to_contain_text("LIF-1")
    await page.goto(link)
    await expect(page.get_by_role("alert")).to_contain_text("This subscription has ended")


async def money(met: Marketplace, subscription_id: str) -> Decimal:
    """What is charged, less what is credited."""
    rows = await met.world.books.subscriptions.rows(subscription_id)
    return sum((row.amount if row.kind is Kind.CHARGE else -row.amount for row in rows), Decimal())


async def test_mon_4_more_than_the_publisher_has_is_put_back(met: Marketplace) -> None:
    """It acknowledges the change, rejects it by the gateway, and hears of both changes in their order."""
    subscription_id = await met.buy("contoso-desk")
    paid = await money(met, subscription_id)
    seq = await met.change_quantity(subscription_id, MAX_QUANTITY + 1)
    (rejection,) = await rejected(met.contoso, subscription_id)
    assert (rejection.sequence, rejection.quantity) == (seq, MAX_QUANTITY + 1)
    assert (rejection.outcome or "").startswith("done MON-4")
    assert (await met.world.server.subscriptions.details(subscription_id)).quantity == 1
    await met.told(subscription_id, seq + 1)
    assert told_in_words(met.contoso, subscription_id) == [
        (1, 0, "purchased", 1, "applied"),
        (seq, 1, "quantity_changed", MAX_QUANTITY + 1, "applied"),
        (seq + 1, seq, "quantity_changed", 1, "applied"),
    ]
    await met.world.server.subscriptions.settled(subscription_id)
    assert await money(met, subscription_id) == paid
    back = (await met.world.books.subscriptions.events(subscription_id))[-1]
    assert (back.by, back.actor) == ("publisher", "contoso")


async def test_what_was_put_back_is_shown(met: Marketplace, page: Page) -> None:
    subscription_id = await met.buy("contoso-desk")
    await met.change_quantity(subscription_id, MAX_QUANTITY + 1)
    await rejected(met.contoso, subscription_id)
    await page.goto("/subscriptions")
    put_back = page.get_by_role("table").last.get_by_role("row").filter(has_text=subscription_id)
    await expect(put_back).to_contain_text("done MON-4 Event 2 is rejected; the quantity is 1 again")


async def test_as_many_as_the_publisher_has_stay(met: Marketplace) -> None:
    subscription_id = await met.buy("contoso-desk")
    await met.told(subscription_id, await met.change_quantity(subscription_id, MAX_QUANTITY))
    assert subscription_id not in {one.subscription_id for one in met.contoso.rejections.all()}
    assert (await met.world.server.subscriptions.details(subscription_id)).quantity == MAX_QUANTITY


async def test_in_microsofts_words_a_set_up_is_one_subscribe(met: Marketplace, browser: Browser) -> None:
    """It is told when there is something to use; what comes before has no word."""
    subscription_id = await met.buy("wingtip-set-up")
    async with visiting(browser, met.wingtip.address) as page:
        await activated_in(page, await met.link(subscription_id))
        assert await met.state(subscription_id) is State.TRIAL
        await met.told(subscription_id, 3)
        await page.goto(f"/events?subscription={subscription_id}")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await expect(page.locator("tbody tr")).to_contain_text("Subscribe")
    assert told_in_words(met.wingtip, subscription_id) == [(3, 0, "Subscribe", 1, "applied")]


async def test_in_microsofts_words_quantities_and_the_end(met: Marketplace) -> None:
    """MON-4: what is more than there is goes back by the sequence that the message names."""
    subscription_id = await met.buy("wingtip-desk")
    within = await met.change_quantity(subscription_id, 5)
    beyond = await met.change_quantity(subscription_id, MAX_QUANTITY + 1)
    (rejection,) = await rejected(met.wingtip, subscription_id)
    assert (rejection.sequence, (rejection.outcome or "").partition(" ")[0]) == (beyond, "done")
    assert (await met.world.server.subscriptions.details(subscription_id)).quantity == 5
    cancelled = await met.cancel(subscription_id)
    await met.world.server.subscriptions.handle(subscription_id).result()
    assert told_in_words(met.wingtip, subscription_id) == [
        (1, 0, "Subscribe", 1, "applied"),
        (within, 1, "ChangeQuantity", 5, "applied"),
        (beyond, within, "ChangeQuantity", MAX_QUANTITY + 1, "applied"),
        (beyond + 1, beyond, "ChangeQuantity", 5, "applied"),
        (cancelled, beyond + 1, "Unsubscribe", 5, "applied"),
    ]
    (known,) = [one for one in met.wingtip.known.page() if one.subscription_id == subscription_id]
    assert (known.state, known.quantity, known.offer) == ("cancelled", 5, "wingtip-desk")


Words = list[tuple[int | None, int | None, str | None, int | None, str]]


def told_in_words(publisher: PublisherServer, subscription_id: str) -> Words:
    """Number, number before it, event, quantity and what became of each request."""
    entries = heard(publisher, subscription_id)
    return [(one.sequence, one.previous, one.event, one.quantity, one.verdict) for one in entries]
