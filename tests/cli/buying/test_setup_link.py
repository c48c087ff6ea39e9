"""The link to the publisher's set-up: ISV-1 to ISV-5."""

import asyncio
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.orders import setup_token
from activities.settings import Settings
from domain.values import parse_instant
from tests.support.command_line import Ask, Starter

pytestmark = pytest.mark.live
NOT_VALID = "This set-up token is not valid (ISV-3)"


@pytest.fixture
def pending(ask: Ask, customer: str) -> str:
    """A subscription that waits for its publisher."""
    subscription = f"set-up-{customer}"
    ask.json(f"buy wingtip-crm --customer {customer} --quantity 4 --id {subscription}")
    return subscription


def token_of(url: str) -> str:
    return url.partition("?token=")[2]


def expire_all(settings: Settings) -> None:
    async def expire() -> None:
        async with Database(settings.database_url) as database:
            await database.write(lambda connection: connection.execute(update(setup_token).values(expires_at=past)))

    past = datetime.now(UTC) - timedelta(microseconds=1)
    asyncio.run(expire())


def test_a_purchase_that_waits_for_set_up_comes_with_its_link(ask: Ask, customer: str) -> None:
    bought = ask.json(f"buy wingtip-crm --customer {customer} --id link-1")
    assert bought["state"] == "pending"
    link = bought["setup_link"]
    assert link["url"].startswith("https://contoso.example/set-up?token=")
    left = parse_instant(link["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    text = ask.said(f"buy wingtip-crm --customer {customer} --id link-1")
    assert "  https://contoso.example/set-up?token=" in text
    assert "No e-mail is sent" in text


def test_what_needs_no_set_up_has_no_link(ask: Ask, customer: str) -> None:
    assert "setup_link" not in ask.json(f"buy contoso-crm --customer {customer} --id plain-1")
    assert "needs no set-up (ISV-5)" in ask.said("setup-link plain-1", code=1)


def test_each_call_makes_a_new_link_for_the_same_purchase(ask: Ask, pending: str) -> None:
    tokens = [token_of(ask.json(f"setup-link {pending}")["url"]) for _ in range(3)]
    assert len(set(tokens)) == 3
    for token in tokens:
        assert ask.json(f"resolve {token}")["subscription_id"] == pending
    text = ask.said(f"setup-link {pending}")
    assert text.startswith(f"Set {pending} up at its publisher:\n  https://contoso.example/set-up?token=")
    assert "Valid until " in text
    assert "No e-mail is sent" in text


def test_the_publisher_resolves_it_in_every_state(ask: Ask, pending: str, customer: str) -> None:
    token = token_of(ask.json(f"setup-link {pending}")["url"])
    found = ask.json(f"resolve {token}")
    assert (found["customer"], found["offer"], found["quantity"]) == (customer, "wingtip-crm", 4)
    assert found["state"] == "pending"
    assert f"python starter.py activate {pending}" in ask.said(f"resolve {token}")
    ask.json(f"activate {pending}")
    assert ask.json(f"resolve {token}")["state"] == "trial"
    assert "python starter.py activate" not in ask.said(f"resolve {token}")
    ask.json(f"cancel {pending} --reason customer_request --yes")
    assert ask.json(f"resolve {token}")["state"] == "cancelled"


def test_a_token_is_read_from_stdin(ask: Ask, starter: Starter, pending: str) -> None:
    token = token_of(ask.json(f"setup-link {pending}")["url"])
    assert ask.json("resolve -", typed=f"{token}\n")["subscription_id"] == pending
    nothing = starter("resolve", "-", typed="")
    assert (nothing.exit_code, nothing.stdout, nothing.stderr.count("\n")) == (2, "", 1)


def test_an_expired_token_is_as_an_unknown_one(ask: Ask, settings: Settings, pending: str) -> None:
    token = token_of(ask.json(f"setup-link {pending}")["url"])
    expire_all(settings)
    expired = ask.said(f"resolve {token}", code=1)
    assert expired.startswith(NOT_VALID)
    assert "python starter.py setup-link" in expired
    assert ask.said(f"resolve {token[:-1]}0", code=1) == ask.said("resolve nothing-like-it", code=1) == expired
    assert token_of(ask.json(f"setup-link {pending}")["url"]) != token


def test_the_token_itself_is_kept_nowhere(ask: Ask, settings: Settings, pending: str) -> None:
    token = token_of(ask.json(f"setup-link {pending}")["url"])
    books = Path(settings.database_url.partition(":///")[2])
    files = [file for file in books.parent.iterdir() if file.is_file()]
    assert len(files) > 1
    # In a process of its own: whoever closes the file in this one gives up SQLite's locks on it.
    searched = subprocess.run(["grep", "--files-with-matches", "--text", "-e", token, *files], capture_output=True)
    assert (searched.returncode, searched.stdout) == (1, b"")


def test_once_it_is_active_buying_again_gives_no_link(ask: Ask, customer: str) -> None:
    line = f"buy wingtip-crm --customer {customer} --id active-{customer}"
    assert "setup_link" in ask.json(line)
    ask.json(f"activate active-{customer}")
    again = ask.json(line)
    assert again["state"] == "trial"
    assert "setup_link" not in again


def test_a_subscription_that_nobody_knows(ask: Ask) -> None:
    assert "There is no subscription nope" in ask.said("setup-link nope", code=1)


@pytest.mark.parametrize(
    "token", ["x", "' OR 1=1 --", "../../etc/passwd", "a\nb", "\x1b[31m", "\udcff", "é" * 999, "%00"]
)
def test_a_hostile_token_is_only_wrong(ask: Ask, token: str) -> None:
    assert ask.words("resolve", token, code=1).startswith(NOT_VALID)


@pytest.mark.parametrize("token", ["", "x" * 10_000])
def test_what_can_be_no_token(ask: Ask, token: str) -> None:
    assert ask.words("resolve", token, code=2).startswith("TOKEN: got ")
