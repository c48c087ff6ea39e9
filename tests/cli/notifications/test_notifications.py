"""What publishers are told, and what an operator does where they cannot be: invariant 13."""

import time
from pathlib import Path

import pytest

from tests.support.command_line import Ask
from tests.support.publisher.endpoint import SECRET, Endpoint

pytestmark = pytest.mark.live


def halted(ask: Ask, endpoint: Endpoint, customer: str, *answers: int) -> str:
    """A subscription whose publisher answers so, once each, and whose first event is given up by then."""
    subscription = f"told-{customer}"
    endpoint.answers[subscription] += answers
    ask.json(f"buy told-of --customer {customer} --id {subscription}")
    until(ask, subscription, "undeliverable")
    return subscription


def until(ask: Ask, subscription: str, standing: str, seq: int = 1) -> None:
    deadline = time.monotonic() + 30
    while seq not in {each["seq"] for each in listed(ask, f"--subscription {subscription} --standing {standing}")}:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def listed(ask: Ask, filters: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = ask.json(f"notifications list {filters}")
    return found


def test_what_is_undeliverable_is_listed_told_again_and_seen(ask: Ask, endpoint: Endpoint, customer: str) -> None:
    subscription = halted(ask, endpoint, customer, 500)
    ask.json(f"quantity {subscription} 2 --yes")
    first, second = listed(ask, f"--subscription {subscription}")
    assert (first["seq"], first["event"], first["standing"], first["tries"]) == (1, "purchased", "undeliverable", 1)
    assert (first["publisher"], first["problem"]) == ("told", "answered 500")
    assert (second["seq"], second["standing"], second["tries"]) == (2, "waiting", 0)

    text = ask.said(f"notifications list --subscription {subscription}")
    assert f"{subscription}, event 1: answered 500" in text
    assert max(map(len, text.splitlines())) <= 120
    assert f"{subscription} needs attention: Event 1 is undeliverable" in ask.said(
        f"list --attention --customer {customer}"
    )
    assert "Event 1 is undeliverable" in ask.json(f"show {subscription}")["undelivered"]
    assert "notifications retry" in ask.said(f"show {subscription}")

    said = ask.json(f"notifications retry {subscription}")
    assert said == [{"subscription_id": subscription, "message": "Notifying told again, from event 1 on."}]
    until(ask, subscription, "delivered", 2)
    assert listed(ask, f"--subscription {subscription}") == []
    assert [each["standing"] for each in listed(ask, f"--subscription {subscription} --all")] == ["delivered"] * 2
    words = ask.said(f"notifications list --subscription {subscription}")
    assert words == "All notifications are delivered. See all: python starter.py notifications list --all\n"


def test_what_is_given_up_lets_the_next_be_told(ask: Ask, endpoint: Endpoint, customer: str) -> None:
    subscription = halted(ask, endpoint, customer, 500)
    ask.json(f"quantity {subscription} 2 --yes")
    refused = ask.said(f"notifications skip {subscription} 2", code=1)
    assert refused == "sequence: got 2; takes the undeliverable event's, 1\n"
    words = ask.said(f"notifications skip {subscription} 1 --by ops --note gone")
    assert words == f"{subscription}: Event 1 is given up: told will not be notified of it.\n"
    until(ask, subscription, "delivered", 2)
    assert endpoint.taken(subscription) == [2]
    assert [each["seq"] for each in listed(ask, f"--subscription {subscription} --standing skipped")] == [1]


def test_all_that_stand_still_for_a_publisher_are_told_again(ask: Ask, endpoint: Endpoint, customer: str) -> None:
    subscription = halted(ask, endpoint, customer, 500)
    ended = f"{subscription}-2"
    endpoint.answers[ended] += [500, 500]
    ask.json(f"buy told-of --customer {customer} --id {ended}")
    until(ask, ended, "undeliverable")
    ask.json(f"cancel {ended} --reason customer_request --yes")
    said = {each["subscription_id"] for each in ask.json("notifications retry --publisher told")}
    assert {subscription, ended} <= said
    until(ask, subscription, "delivered")
    assert ask.said("notifications retry --publisher nobody-known") == "Nothing is blocked for nobody-known.\n"


def test_page_by_page(ask: Ask, endpoint: Endpoint, customer: str) -> None:
    subscription = halted(ask, endpoint, customer, 500)
    ask.json(f"quantity {subscription} 2 --yes")
    page = ask.whole(f"notifications list --subscription {subscription} --limit 1")
    assert page.stderr == f"There may be more: --after {subscription}:1\n"
    (rest,) = listed(ask, f"--subscription {subscription} --after {subscription}:1")
    assert rest["seq"] == 2


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("notifications retry", 2, "Name a subscription, or a publisher with --publisher."),
        (
            "notifications retry no-such --publisher nobody",
            1,
            "publisher: got 'nobody'; takes the id of a publisher in the catalog. Import the catalog that has it",
        ),
        ("notifications retry no-such", 1, "No notifications of no-such are being sent on this server."),
        ("notifications skip no-such 1", 1, "No notifications of no-such are being sent on this server."),
        ("notifications skip no-such 0", 2, "SEQ: got '0'; takes 1 or more."),
        ("notifications list --standing lost", 2, "takes one of waiting, delivered, undeliverable"),
        ("notifications list --after here", 2, "takes the mark that the last page ended with, such as order-1-1:4."),
    ],
)
def test_what_cannot_be_done_is_one_line(ask: Ask, line: str, code: int, words: str) -> None:
    assert words in ask.said(line, code=code)


def test_one_that_nobody_is_told_of(ask: Ask, customer: str) -> None:
    subscription = f"untold-{customer}"
    ask.json(f"buy office-suite --customer {customer} --id {subscription}")
    assert "Nobody is notified" in ask.said(f"notifications retry {subscription}", code=1)
    assert listed(ask, f"--subscription {subscription} --all") == []


def test_an_ended_life_is_told_once_its_publisher_is_named(ask: Ask, endpoint: Endpoint, customer: str) -> None:
    """Nobody was told while it lived: the publisher was imported too late."""
    subscription = f"told-{customer}"
    ask.json(f"buy told-of --customer {customer} --id {subscription}")
    until(ask, subscription, "delivered")
    ask.json(f"cancel {subscription} --reason customer_request --yes")
    until(ask, subscription, "delivered", 2)
    deadline = time.monotonic() + 30
    while "No notifications of" not in ask.whole(f"notifications retry {subscription}", code=1).stderr:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    said = ask.said(f"notifications retry {subscription} --publisher told")
    assert said == f"{subscription}: The subscription has ended. told is now notified of its events up to number 2.\n"
    assert endpoint.taken(subscription) == [1, 2]


def reason(ask: Ask, subscription: str) -> object:
    """Why its first notification waits; text and JSON say the same."""
    found = listed(ask, f"--subscription {subscription}")[0]["not_notified"]
    assert f"{found}\n" in ask.said(f"notifications list --subscription {subscription}")
    return found


def test_who_is_not_notified_is_said_with_the_reason(
    ask: Ask, endpoint: Endpoint, customer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publisher that is not imported, or whose secrets this machine lacks."""
    unlisted = f"crm-{customer}"
    ask.json(f"buy contoso-crm --customer {customer} --id {unlisted}")
    assert reason(ask, unlisted) == (
        "Publisher contoso is not imported: its notifications wait. Import it: python starter.py catalog import FILE"
    )
    subscription = halted(ask, endpoint, customer, 500)
    ask.json(f"quantity {subscription} 2 --yes")
    first, second = listed(ask, f"--subscription {subscription}")
    missing, others = "told: told-1 missing", "only workers that have it notify told."
    assert first["not_notified"] is None
    assert second["not_notified"] == f"{missing} here, PERENNIAL_SECRETS_FILE is not set; {others}"
    file = tmp_path / "secrets.yaml"
    file.write_text("{}")
    monkeypatch.setenv("PERENNIAL_SECRETS_FILE", str(file))
    words = f"{missing} in {file} (PERENNIAL_SECRETS_FILE); {others}"
    assert listed(ask, f"--subscription {subscription}")[1]["not_notified"] == words
    assert f"{words}\n" in ask.said(f"notifications list --subscription {subscription}")
    file.write_text(f"told-1: {SECRET}\n")
    assert listed(ask, f"--subscription {subscription}")[1]["not_notified"] is None
    assert "told-1" not in ask.said(f"notifications list --subscription {subscription}")
    file.write_text("told-1: QUFB\n")
    assert ask.said(f"notifications list --subscription {subscription}", code=2) == (
        f"{file}:1: told-1: got ...; takes whsec_ and the base64 of 24 to 64 random bytes\n"
    )
