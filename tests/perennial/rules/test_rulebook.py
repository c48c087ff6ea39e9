"""What `explain` says of a rule is what the page says, and what recorded answers and events say."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from domain.account.events import AccountEventName
from domain.roles import AccountAction, Action
from domain.rules import Rule
from domain.subscription.events import EventName
from perennial.rules.citations import CARRIED, REFUSED
from perennial.rules.rulebook import UnknownRule, explained, rule_texts
from tests.support.paths import ROOT

PUBLISHED = sorted((ROOT / "scenarios").rglob("*.json"))


def test_every_rule_of_the_page_and_of_the_code_is_explained() -> None:
    on_the_page = re.findall(r"^\| ([A-Z]{3}-[0-9]+) \|", (ROOT / "docs" / "domain.md").read_text(), re.MULTILINE)
    assert list(rule_texts()) == on_the_page
    assert set(Rule) <= set(rule_texts())


def test_the_text_has_no_addresses_of_links() -> None:
    assert explained("MON-6").text.endswith("A payment lifts those holds (invoices.md).")
    assert not [rule for rule, text in rule_texts().items() if "](" in text]


def test_an_id_is_found_in_any_case() -> None:
    assert explained("tri-4") == explained("TRI-4")


@pytest.mark.parametrize("rule", ["ELG-99", "MON-14", "ELG", "", "ELG-1 ", "x" * 500, "\x1b[2J"])
def test_an_unknown_id_says_which_rules_exist(rule: str) -> None:
    with pytest.raises(UnknownRule, match=r"The rules: TIM-1 to TIM-7, .*MON-1 to MON-13, MOV-1 to MOV-6, REP-1\.$"):
        explained(rule)


def entries(document: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document that names a rule."""
    if isinstance(document, dict):
        if "rule" in document:
            yield document
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from entries(part)


def test_published_events_and_refusals_are_explained() -> None:
    found = [entry for path in PUBLISHED for entry in entries(json.loads(path.read_text()))]
    events = {(entry["rule"], entry["event"]) for entry in found if "event" in entry}
    refused = {(entry["rule"], entry["do"]) for entry in found if entry.get("outcome") == "refused"}
    assert len(events) > 25
    assert len(refused) > 40
    assert events <= {(rule, event) for rule, carried in CARRIED.items() for event in carried}
    assert refused <= {(rule, action) for rule, actions in REFUSED.items() for action in actions}


def test_every_event_that_the_code_emits_with_a_rule_is_explained() -> None:
    enums = {"EventName": EventName, "AccountEventName": AccountEventName}
    written = re.compile(r"\b(EventName|AccountEventName)\.([A-Z_]+),\s+Rule\.([A-Z_0-9]+)")
    found = [
        (Rule[rule], enums[enum][event])
        for source in sorted((ROOT / "statemachines").rglob("*.py"))
        for enum, event, rule in written.findall(source.read_text())
    ]
    assert len(found) > 30
    assert [(rule, event) for rule, event in found if event not in CARRIED.get(rule, ())] == []


def test_every_event_and_action_is_explained_by_some_rule() -> None:
    assert {event for carried in CARRIED.values() for event in carried} == {*EventName, *AccountEventName}
    assert {*Action, *AccountAction} <= {action for actions in REFUSED.values() for action in actions}
