"""`list`: page by page over the living and the ended, by the server's own filters, and counted."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer import BadParameter

from activities.settings import Settings
from cli.subscription.listing import marked
from perennial.subscription.page_mark import PageMark
from tests.support.command_line import Ask
from tests.support.raw_sql import altered

pytestmark = pytest.mark.live


def seen(look: Callable[[], Any], wanted: Any) -> Any:
    """What is looked at, once the server's visibility has caught up: it is a moment behind."""
    latest = time.monotonic() + 20
    while (found := look()) != wanted and time.monotonic() < latest:
        pass
    return found


@pytest.fixture
def seven(ask: Ask, customer: str) -> list[str]:
    """Four living subscriptions, and three that have ended."""
    ids = [f"{customer}-no-{number}" for number in range(1, 8)]
    for key in ids:
        ask.json(f"buy contoso-crm --customer {customer} --id {key}")
    for key in ids[4:]:
        ask.json(f"cancel {key} --reason customer_request --yes")
    expected = {"pending": 0, "trial": 0, "active": 4, "suspended": 0}
    expected |= {"cancelled": 3, "expired": 0, "deleted": 0, "deprovisioned": 0}
    assert seen(lambda: ask.json(f"list --customer {customer} --count"), expected) == expected
    return ids


def pages(ask: Ask, line: str) -> list[list[str]]:
    """The ids, page by page, as the marks lead from one to the next."""
    found, options = [], ""
    while True:
        rows = ask.json(f"{line}{options}")
        found.append([row["subscription_id"] for row in rows])
        said = ask.whole(f"{line}{options}").stderr
        if not said:
            return found
        assert said.startswith("There are more: --after ")
        options = f" --after {said.split()[-1]}"


def test_pages_hold_each_once(ask: Ask, customer: str, seven: list[str]) -> None:
    for size in (1, 2, 3, 4, 5, 7, 50):
        found = pages(ask, f"list --customer {customer} --limit {size}")
        flat = [key for page in found for key in page]
        assert sorted(flat) == seven, size
        assert set(flat[:4]) == set(seven[:4]), "the living first"
        assert flat[4:] == seven[4:], "the ended in the order of their ids"
        assert all(len(page) == size for page in found[:-1]), found


def test_price_and_next_renewal(ask: Ask, customer: str) -> None:
    renewing, ending = f"{customer}-renews", f"{customer}-ends"
    clock = "--test-clock 2027-01-31T09:00:00Z"
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --add-on archive=2 --id {renewing} {clock}")
    ask.json(f"buy contoso-crm --customer {customer} --id {ending} {clock}")
    ask.json(f"auto-renew {ending} off")
    line = f"list --customer {customer}"
    wanted = {renewing: True, ending: False}
    autos = seen(lambda: {row["subscription_id"]: row["auto_renew"] for row in ask.json(line)}, wanted)
    assert autos == wanted
    rows = {row["subscription_id"]: row for row in ask.json(line)}
    fields = ("quantity", "unit_price", "currency")
    assert [rows[renewing][field] for field in fields] == [3, "10.00", "USD"]
    assert rows[renewing]["renews_at"].startswith("2027-02-28T09:00:00")
    assert rows[ending]["ends_at"].startswith("2027-02-28T09:00:00")
    assert rows[renewing]["ends_at"] is rows[ending]["renews_at"] is None
    assert rows[ending]["renewal"] is None
    (renewal,) = [each for each in ask.json(f"timeline {renewing}") if each["what"] == "renew"]
    said = ask.said(f"timeline {renewing}")
    assert rows[renewing]["renews_at"] == renewal["at"]
    assert f"charge USD {rows[renewing]['renewal']['amount']}" in said
    listed = ask.said(line)
    assert "renews 2027-02-28" in listed
    assert "ends 2027-02-28" in listed


def test_one_that_cannot_be_read_does_not_hide_the_others(
    ask: Ask, customer: str, seven: list[str], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = altered(settings, tmp_path, seven[1], "UPDATE subscription SET snapshot = '{}' WHERE id = ?")
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", copy)
    rows = {row["subscription_id"]: row for row in ask.json(f"list --customer {customer}")}
    assert [key for key, row in rows.items() if row["unreadable"]] == [seven[1]]
    assert rows[seven[1]]["state"] == "active"
    assert rows[seven[0]]["renewal"] == {"amount": "10.00", "currency": "USD"}
    shown = ask.whole(f"list --customer {customer}")
    assert len(shown.stdout.splitlines()) == 1 + len(seven)
    (line,) = [line for line in shown.stdout.splitlines() if line.startswith(f"{seven[1]} ")]
    assert line.endswith("unreadable")
    assert shown.stderr.startswith(
        f"The record of {seven[1]} in the database cannot be read. Compare it with the books"
    )


def test_a_page_of_one_state(ask: Ask, customer: str, seven: list[str]) -> None:
    assert pages(ask, f"list --customer {customer} --state cancelled --limit 2") == [seven[4:6], seven[6:]]
    active = pages(ask, f"list --customer {customer} --state active --limit 3")
    assert sorted(key for page in active for key in page) == seven[:4]
    assert ask.json(f"list --customer {customer} --state trial") == []


def test_counted_by_state(ask: Ask, customer: str, seven: list[str]) -> None:
    assert ask.json(f"list --customer {customer} --count --state active") == {"active": 4}
    assert ask.json(f"list --customer {customer} --count --state cancelled --offer solo") == {"cancelled": 0}
    lines = ask.said(f"list --customer {customer} --count").splitlines()
    assert lines[0].split() == ["STATE", "COUNT"]
    assert ["active", "4"] in [line.split() for line in lines]
    assert lines[-1].split() == ["all", "7"]


def test_nothing_needs_attention(ask: Ask, customer: str, seven: list[str]) -> None:
    assert ask.json(f"list --customer {customer} --attention") == []
    assert sum(ask.json(f"list --customer {customer} --attention --count").values()) == 0


@pytest.mark.parametrize(
    "mark", [PageMark(of_server=True, token=b"\x00\xff{}"), PageMark(of_server=False, token=b"crm-1")]
)
def test_a_mark_is_a_word_that_is_read_back(mark: PageMark) -> None:
    assert marked(str(mark)) == mark
    assert str(mark).isascii()
    assert str(mark).replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("text", ["", "x", "l!", "e", "eYQ==", "lYR", "l" + 5000 * "A", "e\n", "é"])
def test_a_mark_that_was_made_up(text: str) -> None:
    with pytest.raises(BadParameter, match="takes the mark that the last page ended with"):
        marked(text)


@pytest.mark.parametrize(
    "mark", [PageMark(of_server=True, token=b"page two"), PageMark(of_server=False, token=b"crm-1")]
)
def test_a_mark_that_was_cut_or_mistyped(mark: PageMark) -> None:
    text = str(mark)
    for wrong in (text[:-1], text[:-4], f"{text}A", text[0] + text[2:], text[:5] + "0" + text[6:], text.swapcase()):
        with pytest.raises(BadParameter):
            marked(wrong)


@pytest.mark.slow
def test_a_mark_that_the_server_did_not_make(ask: Ask) -> None:
    said = ask.said(f"list --after {PageMark(of_server=True, token=b'nonsense')}", code=2)
    assert said.startswith("--after: got ")


@pytest.mark.parametrize("filters", ["--customer nobody", "--offer nothing", "--customer nobody --attention"])
def test_where_none_is_as_asked_for_the_next_step_shows_all(ask: Ask, filters: str) -> None:
    assert ask.said(f"list {filters}") == "No subscription matches. See all: python starter.py list\n"


@pytest.mark.parametrize("filters", ["--partner nobody", "--after zzzz"])
def test_where_no_customer_is_as_asked_for_the_next_step_shows_all(ask: Ask, filters: str) -> None:
    assert ask.said(f"customer list {filters}") == "No customer matches. See all: python starter.py customer list\n"
