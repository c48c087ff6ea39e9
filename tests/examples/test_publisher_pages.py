"""The publisher's pages as a person sees them, in a real browser without scripts."""

import httpx2
import pytest
from playwright.async_api import Page, expect

from examples.publisher.faults import Fault, Switch
from examples.publisher.server import PublisherServer
from tests.support.publisher.fake_gateway import Bought, FakeGateway
from tests.support.publisher.messages import message, send
from tests.support.publisher.secrets import secret

SCRIPT = "<script>document.title = 'stolen'</script>"


async def test_a_buyer_sets_up(page: Page, gateway: FakeGateway) -> None:
    gateway.purchases["t-1"] = Bought("s-1")
    response = await page.goto("/set-up?token=t-1")
    assert response is not None
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    shown = page.get_by_role("main")
    for words in (
        "fabrikam",
        "contoso-crm",
        "2 backup",
        "pending",
        "26 November 2026, 09:30",
        "27 November 2026",
        "s-1",
    ):
        await expect(shown).to_contain_text(words)
    assert gateway.purchases["t-1"].state == "pending"
    await page.get_by_role("button", name="Activate").click()
    await expect(page.get_by_role("status")).to_contain_text("You are all set")
    await expect(page.get_by_role("status")).to_contain_text("Your trial runs until 26 December 2026, 09:30 UTC")
    assert gateway.purchases["t-1"].state == "trial"
    assert "t-1" not in page.url
    assert [question["do"] for question in gateway.asked] == ["resolve", "resolve", "activate", "details"]


async def test_an_offer_without_trial_is_active(page: Page, gateway: FakeGateway) -> None:
    gateway.purchases["t-1"] = Bought("s-1", trial_end=None)
    await page.goto("/set-up?token=t-1")
    await page.get_by_role("button", name="Activate").click()
    await expect(page.get_by_role("status")).to_contain_text("Your subscription is active")


async def test_activated_already(page: Page, gateway: FakeGateway) -> None:
    """The link opened again has no button; a page from before, sent again, changes nothing."""
    gateway.purchases["t-1"] = Bought("s-1")
    await page.goto("/set-up?token=t-1")
    gateway.purchases["t-1"].state = "trial"
    await page.get_by_role("button", name="Activate").click()
    await expect(page.get_by_role("status")).to_contain_text("It was already activated")
    await page.goto("/set-up?token=t-1")
    await expect(page.get_by_role("status")).to_contain_text("This subscription is already set up")
    await expect(page.get_by_role("button")).to_have_count(0)


async def test_ended_meanwhile(page: Page, gateway: FakeGateway) -> None:
    gateway.purchases["t-1"] = Bought("s-1")
    await page.goto("/set-up?token=t-1")
    gateway.rule = ("LIF-1", "It is cancelled.")
    await page.get_by_role("button", name="Activate").click()
    await expect(page.get_by_role("alert")).to_contain_text("It cannot be activated")
    await expect(page.get_by_role("alert")).to_contain_text("It is cancelled. Rule LIF-1.", use_inner_text=False)
    gateway.purchases["t-1"].state = "cancelled"
    await page.goto("/set-up?token=t-1")
    await expect(page.get_by_role("alert")).to_contain_text("This subscription has ended")


@pytest.mark.parametrize("step", ["opened", "sent"])
@pytest.mark.parametrize(
    ("happens", "status", "words"),
    [
        ("expired", 403, "The token has expired."),
        ("unknown", 403, "No purchase has this token."),
        ("away", 503, "The marketplace does not answer"),
    ],
)
async def test_what_goes_wrong_is_said_in_words(
    page: Page, gateway: FakeGateway, step: str, happens: str, status: int, words: str
) -> None:
    """When the link is opened, and when the page that it showed is sent."""
    gateway.purchases["t-1"] = Bought("s-1")
    await page.goto("/set-up?token=t-1" if step == "sent" else "/healthz")
    if happens == "expired":
        gateway.purchases["t-1"].expired = True
    elif happens == "unknown":
        del gateway.purchases["t-1"]
    else:
        gateway.away = True
    async with page.expect_navigation() as navigation:
        if step == "sent":
            await page.get_by_role("button", name="Activate").click()
        else:
            await page.goto("/set-up?token=t-1")
    response = await navigation.value
    assert response.status == status
    await expect(page.get_by_role("alert")).to_contain_text(words)


async def test_a_link_without_token(page: Page) -> None:
    response = await page.goto("/set-up")
    assert response is not None
    assert response.status == 400
    await expect(page.get_by_role("alert")).to_contain_text("This link is not complete")


async def test_the_event_log_tells_what_became_of_each(page: Page, client: httpx2.AsyncClient) -> None:
    for number in range(1, 61):
        await send(client, message("many", number, number - 1))
    await send(client, message("few", 1, 0, event="activated", state="trial", quantity=7))
    await send(client, message("few", 1, 0, event="activated", state="trial", quantity=7))
    await send(client, message("few", 3, 2, event="renewed"))
    await send(client, message("few", 2, 1, secrets=[secret("stranger")]))
    await page.goto("/")
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(50)
    await expect(rows.nth(0)).to_contain_text("no signature matches a known secret")
    await expect(rows.nth(1)).to_contain_text("waits for 2; the last one is 1")
    await expect(rows.nth(2)).to_contain_text("repeat")
    for cell, words in enumerate(("few", "1", "0", "activated", "trial", "7", "applied"), start=1):
        await expect(rows.nth(3).locator("td").nth(cell)).to_have_text(words)
    figures = page.locator(".figures")
    for words in ("64requests", "61applied", "1repeat", "1early", "1forged", "0applied twice", "0applied out of order"):
        await expect(figures).to_contain_text(words)
    await page.get_by_role("link", name="Older").click()
    await expect(rows).to_have_count(14)
    await page.get_by_role("link", name="Newest").click()
    await expect(rows).to_have_count(50)
    await page.get_by_label("Subscription").fill("few")
    await page.get_by_role("button", name="Show").click()
    await expect(rows).to_have_count(3)
    await page.get_by_role("link", name="All").click()
    await expect(rows).to_have_count(50)


async def test_subscriptions_are_shown_as_messages_told(page: Page, client: httpx2.AsyncClient) -> None:
    await send(client, message("s-1", 1, 0, state="pending", quantity=2, add_ons={}))
    await send(client, message("s-1", 2, 1, event="activated", state="active", quantity=2, auto_renew=False))
    await page.goto("/")
    await page.get_by_role("link", name="Subscriptions").click()
    cells = page.locator("tbody tr td")
    for cell, words in enumerate(("s-1", "fabrikam", "contoso-crm", "active", "2", "1 backup", "no", "activated")):
        await expect(cells.nth(cell)).to_have_text(words)
    await page.get_by_role("link", name="s-1").click()
    await expect(page.locator("tbody tr")).to_have_count(2)


async def test_faults_are_switched_by_hand(page: Page, publisher: PublisherServer) -> None:
    await page.goto("/faults")
    await page.get_by_label("error, percent").fill("12.5")
    await page.get_by_label("slow, next").fill("2")
    await page.get_by_label("slow, seconds").fill("0.5")
    await page.get_by_label("Seed").fill("7")
    await page.get_by_role("button", name="Set").click()
    await expect(page.get_by_role("status")).to_contain_text("The switches are set")
    board = publisher.faults.board
    assert (board.error, board.slow, board.seed) == (Switch(percent=12.5), Switch(next=2, seconds=0.5), 7)
    await expect(page.get_by_label("slow, next")).to_have_value("2")
    await page.get_by_label("timeout, percent").fill("90")
    await page.get_by_role("button", name="Set").click()
    await expect(page.get_by_role("alert")).to_contain_text("102.5 percent together")
    await expect(page.get_by_label("timeout, percent")).to_have_value("90")
    assert publisher.faults.board == board
    await page.get_by_role("button", name="All off").click()
    await expect(page.get_by_role("status")).to_contain_text("The switches are set")
    assert all(publisher.faults.board.of(fault) == Switch() for fault in Fault)


async def test_nothing_that_comes_in_is_part_of_a_page(
    page: Page, client: httpx2.AsyncClient, gateway: FakeGateway
) -> None:
    gateway.purchases["t-1"] = Bought("s-1", customer=SCRIPT, offer=f'"{SCRIPT}', add_ons={SCRIPT: 1})
    await send(client, message("s-1", 1, 0, customer_id=SCRIPT, offer_id=SCRIPT, event=SCRIPT, state=SCRIPT, at=SCRIPT))
    for path in ("/set-up?token=t-1", "/events", f"/events?subscription={SCRIPT}", "/subscriptions"):
        response = await page.goto(path)
        assert response is not None
        assert "script" in await response.text()
        assert "<script" not in await response.text()
        assert "default-src 'none'" in response.headers["content-security-policy"]
