"""Set-up links: a token for 24 hours, of which only the digest is kept (ISV-1, ISV-3, ISV-5)."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.orders.setup_links import SqlSetupLinks
from activities.errors import TokenRefused
from domain.ordering.setup_link import Resolved, SetupLink
from domain.subscription.commands import Activate, Cancel
from domain.subscription.events import State
from domain.subscription.holds import Reason
from tests.support.books.short_lives import LICENCE, bought
from tests.support.books.subscription import InSql
from tests.support.instants import DAY, START
from tests.support.raw_sql import rows
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import SETUP, listed
from tests.support.shop.orders import placed, started, stock

TICK = timedelta(microseconds=1)


@pytest.fixture
def links(database: Database) -> SqlSetupLinks:
    return SqlSetupLinks(database)


async def buy(database: Database) -> None:
    await stock(database, partner(), customer(), listed(**SETUP))
    await placed(SqlOrders(database), request({"quantity": 3, "add_ons": {"backup": 1}}))


def token_of(link: SetupLink) -> str:
    address, token = link.url.split("?token=")
    assert address == "https://contoso.example/set-up"
    return token


async def test_a_link_resolves_in_every_state(database: Database, links: SqlSetupLinks) -> None:
    """ISV-3: about to begin, pending, active, ended."""
    await buy(database)
    link = await links.issue("o-1-1", START)
    assert (link.subscription_id, link.expires_at) == ("o-1-1", START + DAY)
    token, later = token_of(link), START + DAY - TICK
    assert await links.resolve(token, later) == Resolved(
        subscription_id="o-1-1",
        customer="fabrikam",
        offer="contoso-crm",
        quantity=3,
        add_ons={"backup": 1},
        state=State.PENDING,
        ordered_at=START,
        expires_at=START + DAY,
    )
    player = await started(database)
    before = await links.resolve(token, later)
    assert (before.state, before.quantity, before.add_ons) == (State.PENDING, 3, {"backup": 1})
    await player.ask(Activate(by="publisher"), START + TICK)
    assert (await links.resolve(token, later)).state is State.ACTIVE
    await player.ask(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START + 2 * TICK)
    assert (await links.resolve(token, later)).state is State.CANCELLED


async def test_a_token_lives_twenty_four_hours(database: Database, links: SqlSetupLinks) -> None:
    """ISV-3: half-open."""
    await buy(database)
    token = token_of(await links.issue("o-1-1", START))
    assert (await links.resolve(token, START + timedelta(hours=24) - TICK)).subscription_id == "o-1-1"
    with pytest.raises(TokenRefused):
        await links.resolve(token, START + timedelta(hours=24))


async def test_asking_again_gives_another_for_the_same_purchase(database: Database, links: SqlSetupLinks) -> None:
    """ISV-3: the one before stays good until it expires, then it is swept away."""
    await buy(database)
    first = token_of(await links.issue("o-1-1", START))
    second = token_of(await links.issue("o-1-1", START + DAY - TICK))
    assert first != second
    for token in (first, second):
        assert (await links.resolve(token, START + DAY - TICK)).subscription_id == "o-1-1"
    third = token_of(await links.issue("o-1-1", START + DAY))
    kept = {row[0] for row in await rows(database, "SELECT token_hash FROM setup_token")}
    assert kept == {hashlib.sha256(token.encode()).hexdigest() for token in (second, third)}
    assert len(second) >= 43


async def test_the_token_itself_is_nowhere_on_disk(database: Database, links: SqlSetupLinks, path: Path) -> None:
    """ISV-3."""
    await buy(database)
    token = token_of(await links.issue("o-1-1", START))
    await links.resolve(token, START)
    files = [file for file in path.parent.iterdir() if file.name.startswith(path.name)]
    assert {file.name for file in files} >= {"perennial.db", "perennial.db-wal"}
    kept = b"".join(file.read_bytes() for file in files)
    assert hashlib.sha256(token.encode()).hexdigest().encode() in kept
    assert token.encode() not in kept


async def test_who_guesses_learns_nothing(database: Database, links: SqlSetupLinks) -> None:
    """ISV-3: one wording for what is unknown, changed or too late."""
    await buy(database)
    token = token_of(await links.issue("o-1-1", START))
    changed = ("A" if token[0] != "A" else "B") + token[1:]
    digest = hashlib.sha256(token.encode()).hexdigest()
    said = set()
    for tried, at in [
        (token, START + DAY),
        (changed, START),
        (token.swapcase(), START),
        (f"{token} ", START),
        (digest, START),
        ("", START),
        ("\ud800", START),
        ("x" * 100_000, START),
    ]:
        with pytest.raises(TokenRefused) as refused:
            await links.resolve(tried, at)
        said.add(str(refused.value))
    assert said == {
        "This set-up token is not valid (ISV-3): it must come exactly as it stands in the link, within 24 hours. "
        "Ask the seller for a new link."
    }


async def test_what_there_is_no_link_for(database: Database, links: SqlSetupLinks) -> None:
    """ISV-5: what needs no set-up; and what is unknown, or has no address."""
    await buy(database)
    orders = SqlOrders(database)
    await stock(database, listed(id="plain"))
    await placed(orders, request({"offer": "plain"}, {"quantity": 20_000}, order_id="o-2"))
    await bought(InSql(database), {**LICENCE, "id": "unlisted", "setup": "publisher"})
    for subscription_id, words in {
        "o-2-1": r"needs no set-up \(ISV-5\): plain is active at once",
        "o-2-2": "There is no subscription o-2-2",
        "nobody": "There is no subscription nobody",
        "s-1": "no set-up address for unlisted",
    }.items():
        with pytest.raises(TokenRefused, match=words):
            await links.issue(subscription_id, START)


async def test_links_for_all_that_wait_for_their_publisher(database: Database, links: SqlSetupLinks) -> None:
    """Left out: what needs no set-up, what is set up already, and what the catalog has no address for any more."""
    await stock(database, partner(), customer(), listed(**SETUP), listed(id="plain"))
    await placed(SqlOrders(database), request({}, {}, {"offer": "plain"}))
    player = await started(database, number=2)
    found = await links.issue_for(["o-1-1", "o-1-2", "o-1-3", "unknown"], START)
    assert sorted(found) == ["o-1-1", "o-1-2"]
    assert (await links.resolve(token_of(found["o-1-2"]), START)).subscription_id == "o-1-2"
    await player.ask(Activate(by="publisher"), START)
    assert sorted(await links.issue_for(["o-1-1", "o-1-2"], START)) == ["o-1-1"]
    assert await links.issue_for(["o-1-3"], START) == {}
