"""What a signed request is answered with: over HTTP, each id once."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta

from temporalio.client import Client

from activities.adapters.sql.database import Database
from hosting.gateway.authentication import TOLERANCE
from tests.support.publisher.gateway_site import NOW, Site, refused
from tests.support.publisher.signing import STRANGER, WINGTIP, encoded, new_id, signed


async def test_a_token_is_resolved_for_its_publisher(site: Site) -> None:
    """ISV-3."""
    response = await site.ask({"do": "resolve", "token": await site.token()})
    assert response.status_code == 200
    assert response.json() == {
        "subscription_id": "o-1-1",
        "customer": "fabrikam",
        "offer": "contoso-crm",
        "quantity": 3,
        "add_ons": {"backup": 1},
        "state": "pending",
        "ordered_at": "2027-03-01T12:00:00Z",
        "expires_at": "2027-03-02T12:00:00Z",
    }


async def test_every_answer_is_kept_from_caches_and_frames(site: Site) -> None:
    for response in (await site.ask({"do": "resolve", "token": await site.token()}), await site.post(b"", {})):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-type"] == "application/json"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "server" not in response.headers


async def test_a_token_that_is_not_valid(site: Site) -> None:
    """ISV-3: unknown, altered, or a day old: all the same, and never said back."""
    token = await site.token()
    site.clock.now = NOW + timedelta(days=1)
    said = set()
    for tried in (token, token[:-1], token.upper(), "\ud83d\ude00", "x" * 1000):
        response = await site.ask({"do": "resolve", "token": tried}, at=site.clock.now)
        assert refused(response) == (403, "TokenRefused")
        assert tried not in response.text
        said.add(response.text)
    assert len(said) == 1


async def test_anothers_purchase(site: Site) -> None:
    """A publisher may ask for its own offers only (ROL-4); an id tells nothing."""
    theirs, mine = await site.token("o-1-2"), await site.token()
    assert refused(await site.ask({"do": "resolve", "token": theirs})) == (403, "NotYours")
    said = set()
    for subscription_id in ("o-1-2", "o-1-3", "nobody"):
        for asked in (
            {"do": "details", "subscription_id": subscription_id},
            {"do": "activate", "subscription_id": subscription_id, "token": theirs},
            {"do": "activate", "subscription_id": subscription_id, "token": mine},
        ):
            response = await site.ask(asked)
            assert refused(response) == (403, "NotYours")
            said.add(response.text)
    assert len(said) == 1


async def test_anothers_token_activates_nothing(site: Site) -> None:
    """ISV-3: the token must be this subscription's."""
    for token in (await site.token("o-1-2"), "guessed"):
        response = await site.ask({"do": "activate", "subscription_id": "o-1-1", "token": token})
        assert refused(response) == (403, "TokenRefused")
        assert token not in response.text


async def test_a_subscription_that_is_about_to_begin(site: Site) -> None:
    token = await site.token()
    for asked in (
        {"do": "activate", "subscription_id": "o-1-1", "token": token},
        {"do": "details", "subscription_id": "o-1-1"},
    ):
        response = await site.ask(asked)
        assert refused(response) == (503, "Unavailable")
        assert "about to begin" in response.json()["error"]["message"]
        assert int(response.headers["retry-after"]) >= 1


async def test_a_request_is_taken_once_whatever_its_body(site: Site) -> None:
    request_id, token = new_id(), await site.token()
    asked = {"do": "resolve", "token": token}
    assert (await site.ask(asked, request_id=request_id)).status_code == 200
    for again in (asked, {"do": "details", "subscription_id": "o-1-1"}, {"nonsense": 1}):
        assert refused(await site.ask(again, request_id=request_id)) == (409, "Replayed")
    # The ids are each publisher's own.
    wingtips = {"do": "resolve", "token": await site.token("o-1-2")}
    answer = await site.ask(wingtips, request_id=request_id, by=WINGTIP, publisher="wingtip")
    assert answer.json()["subscription_id"] == "o-1-2"


async def test_of_two_at_once_one_is_taken(site: Site) -> None:
    body = encoded({"do": "resolve", "token": await site.token()})
    headers = signed(body, at=NOW)
    responses = await asyncio.gather(*(site.post(body, headers) for _ in range(8)))
    assert sorted(response.status_code for response in responses) == [200, *[409] * 7]


async def test_a_replay_is_refused_as_long_as_it_is_fresh(site: Site) -> None:
    """Signed by a clock that is ahead, it arrives as early as it can, and again as late as it can."""
    body = encoded({"do": "resolve", "token": await site.token()})
    headers = signed(body, at=NOW + TOLERANCE)
    assert (await site.post(body, headers)).status_code == 200
    for later in (timedelta(minutes=1), 2 * TOLERANCE):
        site.clock.now = NOW + later
        assert refused(await site.post(body, headers)) == (409, "Replayed")
        # Others come meanwhile, by a clock that is a little ahead, and sweep.
        site.clock.now += timedelta(seconds=50)
        assert (await site.ask({"do": "resolve", "token": await site.token()}, at=site.clock.now)).status_code == 200
    site.clock.now = NOW + 2 * TOLERANCE
    assert refused(await site.post(body, headers)) == (409, "Replayed")
    site.clock.now += timedelta(seconds=1)
    assert refused(await site.post(body, headers)) == (401, "Stale")


async def test_what_is_not_believed_uses_up_no_id(site: Site) -> None:
    request_id, body = new_id(), encoded({"do": "resolve", "token": await site.token()})
    good = signed(body, request_id=request_id, at=NOW)
    for headers, sent in (
        ({**good, "webhook-signature": "v1,AAAA"}, body),
        (signed(body, request_id=request_id, at=NOW, by=STRANGER), body),
        (signed(body, request_id=request_id, at=NOW, publisher="nobody"), body),
        (good, body.replace(b"resolve", b"details")),
        ({"perennial-publisher": "contoso"}, body),
    ):
        response = await site.post(sent, headers)
        assert response.status_code == 401
    late = signed(body, request_id=request_id, at=NOW - timedelta(hours=1))
    assert refused(await site.post(body, late)) == (401, "Stale")
    assert (await site.post(body, good)).status_code == 200


async def test_what_is_malformed_has_used_its_id_up(site: Site) -> None:
    request_id = new_id()
    assert refused(await site.ask({"do": "cancel"}, request_id=request_id)) == (400, "Malformed")
    again = await site.ask({"do": "resolve", "token": await site.token()}, request_id=request_id)
    assert refused(again) == (409, "Replayed")


async def test_a_locked_database_can_be_asked_again(site: Site, client: Client) -> None:
    asked, request_id = {"do": "resolve", "token": await site.token()}, new_id()
    async with Database(f"sqlite:///{site.path}", busy_timeout=timedelta(milliseconds=50)) as impatient:
        hurried = Site(site.path, impatient, client)
        async with hurried.server:
            with closing(sqlite3.connect(site.path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                response = await hurried.ask(asked, request_id=request_id)
                other.execute("ROLLBACK")
    assert refused(response) == (503, "Unavailable")
    assert response.headers["retry-after"]
    # What is ours stays with us.
    assert str(site.path) not in response.text
    assert "database" not in response.text
    assert (await site.ask(asked, request_id=request_id)).status_code == 200
