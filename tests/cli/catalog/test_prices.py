"""`catalog import` tells the subscriptions concerned what their offer will cost, or the next one does (BUY-5)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Ask
from tests.support.shop.offers import listed_fields

pytestmark = pytest.mark.live

NOBODY = "127.0.0.1:1"
Priced = Callable[..., Path]


@pytest.fixture
def priced(tmp_path: Path, customer: str) -> Priced:
    """A file with an offer of this test's own, at these coming prices."""

    def write(*prices: tuple[str, str], **changes: Any) -> Path:
        offer = listed_fields(
            id=f"for-{customer}",
            name=f"For {customer}",
            prices=[{"at": at, "unit_price": price} for at, price in prices],
            **changes,
        )
        path = tmp_path / "prices.yaml"
        path.write_text(json.dumps({"offers": [offer]}))
        return path

    return write


@pytest.fixture
def two(ask: Ask, customer: str, priced: Priced) -> list[str]:
    """Two subscriptions to it."""
    ask.json(f"catalog import {priced()}")
    ids = [f"{customer}-{number}" for number in (1, 2)]
    for key in ids:
        ask.json(f"buy for-{customer} --customer {customer} --id {key}")
    return ids


def known(ask: Ask, ids: list[str]) -> list[int]:
    """How often each was told a price."""
    return [len([e for e in ask.json(f"events {key}") if e["event"] == "price_scheduled"]) for key in ids]


def test_those_concerned_are_told(ask: Ask, two: list[str], priced: Priced, customer: str) -> None:
    result = ask.whole(f"catalog import {priced(('2090-01-01T00:00:00Z', '12.00'))} --yes")
    said = result.stdout.splitlines()
    assert said[-2:] == [
        f"  price      for-{customer} from 2090-01-01 00:00 UTC: USD 10.00 -> 12.00 (+2.00)",
        "Sent the new prices to 2 subscriptions: 2 took them, 0 knew them, 0 had ended, 0 failed.",
    ]
    assert "prices of version" in result.stderr
    assert known(ask, two) == [1, 1]
    # Renewals before it keep their price, so that none of them names it.
    coming = "USD 12.00 a unit, from the first renewal after 2090-01-01 00:00:00 UTC"
    assert ask.said(f"timeline {two[0]}").endswith(f"Price then: {coming} (BUY-5)\n")
    assert f"  price then {coming}\n" in ask.said(f"show {two[0]}")
    again = ask.json(f"catalog import {priced(('2090-01-01T00:00:00Z', '12.00'))} --yes")
    assert (again["to_tell"], again["told"]) == (0, None)
    assert known(ask, two) == [1, 1]


def test_a_dry_run_says_who_would_be_told(ask: Ask, two: list[str], priced: Priced, customer: str) -> None:
    """As many as the import then sends them to, and nothing is written."""
    file = priced(("2090-01-01T00:00:00Z", "12.00"))
    shown = ask.json(f"catalog import {file} --dry-run")
    assert (shown["to_tell"], shown["told"]) == (2, None)
    said = ask.said(f"catalog import {file} --dry-run").splitlines()
    assert said[0] == f"Would be imported as version {shown['version']}: 1 changed record, 1 price change of 1 offer."
    assert said[-1] == "The new prices would be sent to 2 subscriptions."
    assert known(ask, two) == [0, 0]
    assert (
        f"for-{customer} from 2090-01-01 00:00 UTC: USD 10.00 -> 12.00 (+2.00)"
        in ask.whole(f"catalog import {file}", code=2).stderr
    )
    done = ask.json(f"catalog import {file} --yes")
    assert {name: done[name] for name in ("version", "changes", "to_tell")} == {
        name: shown[name] for name in ("version", "changes", "to_tell")
    }
    assert known(ask, two) == [1, 1]


def test_what_gets_cheaper_is_not_asked(ask: Ask, two: list[str], priced: Priced) -> None:
    ask.json(f"catalog import {priced(('2090-01-01T00:00:00Z', '8.00'))}")
    assert known(ask, two) == [1, 1]


def test_an_ended_subscription_is_not_concerned(ask: Ask, two: list[str], priced: Priced) -> None:
    ask.json(f"cancel {two[0]} --reason customer_request --yes")
    document = ask.json(f"catalog import {priced(('2090-01-01T00:00:00Z', '12.00'))} --yes")
    assert (document["to_tell"], document["told"]["told"]) == (1, 1)
    assert known(ask, two) == [0, 1]


def test_without_a_server_the_import_stands_and_the_same_again_tells(ask: Ask, two: list[str], priced: Priced) -> None:
    file = priced(("2090-01-01T00:00:00Z", "12.00"))
    result = ask.whole(f"catalog import {file} --yes --address {NOBODY}", code=1)
    assert "price change of 1 offer." in result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("The catalog is imported (version ")
    assert "but its prices are not yet sent to 2 subscriptions: " in line
    assert line.endswith("Then import the same files again.")
    assert known(ask, two) == [0, 0]
    refused = ask.json(f"catalog import {file} --yes --address {NOBODY}", code=1)
    assert (refused["changes"]["records"], refused["to_tell"], refused["told"]) == ([], 2, None)
    told = ask.json(f"catalog import {file} --yes")
    assert (told["changes"]["records"], told["to_tell"], told["told"]["told"]) == ([], 2, 2)
    assert known(ask, two) == [1, 1]


def test_nobody_has_to_wait(ask: Ask, two: list[str], priced: Priced) -> None:
    said = ask.said(f"catalog import {priced(('2090-01-01T00:00:00Z', '12.00'))} --yes --no-wait")
    assert "The new prices are being sent to the subscriptions, by the workflow price-changes:" in said
    later = ask.json(f"catalog import {priced(('2090-01-01T00:00:00Z', '12.00'))} --yes")
    assert later["told"] is None or sum(later["told"][name] for name in ("told", "unchanged")) == 2
    assert known(ask, two) == [1, 1]


def test_elg_2_the_subscription_to_reactivate_is_named(ask: Ask, two: list[str], customer: str) -> None:
    ask.json(f"suspend {two[1]} --reason customer_request --yes")
    offer = ask.json(f"catalog show for-{customer} --customer {customer}")
    (refusal,) = offer["refusals"]
    assert (refusal["rule"], refusal["subscription_id"]) == ("ELG-2", two[1])
    said = ask.said(f"catalog list --customer {customer} --explain --limit 200")
    assert f"Reactivate {two[1]}" in said
    assert ask.json(f"customer show {customer}")["subscriptions"] == {"active": 1, "suspended": 1}
