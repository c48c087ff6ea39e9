"""The document of several subscriptions of one customer (DESIGN section 7b)."""

from pathlib import Path
from typing import Any

import pytest

from cli.rehearsal.scenario import load
from domain.roles import AccountAction
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.paths import ROOT
from tests.support.simulated.documents import Document, lived
from tests.support.simulated.scenarios import MAIL, OFFER, asking_several, of_several

ACCOUNTS = sorted((ROOT / "scenarios" / "accounts").glob("*.yaml"))
TO_THE_ACCOUNT = {action.value for action in AccountAction}
OF_THE_CUSTOMER = {"name", "answers", "invoices"}


def as_one_of_several(file: Path) -> dict[str, Any]:
    """The file, with its subscription named `only`."""
    data: Any = load(file)
    order = {name: value for name, value in data["order"].items() if name != "customer"}
    commands = [
        command if command["do"] in TO_THE_ACCOUNT else {**command, "of": "only"}
        for command in data.get("commands", [])
    ]
    shared = {name: value for name, value in data.items() if name not in {"offer", "order"}}
    bought = {"only": {"offer": data["offer"], "order": order}}
    return {**shared, "customer": data["order"]["customer"], "subscriptions": bought, "commands": commands}


def document_of(data: dict[str, Any]) -> Document:
    """The simulated document."""
    return simulate(parse_scenario(data)).document()


@pytest.mark.parametrize("file", ACCOUNTS, ids=lambda file: file.stem)
def test_one_named_subscription_has_the_document_of_a_file_with_one(file: Path) -> None:
    alone, named = lived(file), document_of(as_one_of_several(file))
    assert named["subscriptions"] == {
        "only": {name: value for name, value in alone.items() if name not in OF_THE_CUSTOMER}
    }
    assert named["name"] == alone["name"]
    addressed = [{} if answer["do"] in TO_THE_ACCOUNT else {"of": "only"} for answer in alone["answers"]]
    assert named["answers"] == [{**of, **answer} for of, answer in zip(addressed, alone["answers"], strict=True)]
    for invoice in alone["invoices"]:
        invoice["lines"] = [{"of": "only", **line} for line in invoice["lines"]]
    assert named["invoices"] == alone["invoices"]


def test_the_parts_of_a_document() -> None:
    document = document_of(of_several(until="2026-02-05T09:00:00Z"))
    assert list(document) == ["name", "subscriptions", "answers", "invoices"]
    assert list(document["subscriptions"]) == ["crm", "mail"]
    assert not OF_THE_CUSTOMER & set(document["subscriptions"]["crm"])
    assert document["answers"] == []


def test_answers_stand_in_the_files_order_with_the_name_of_their_subscription() -> None:
    commands: list[dict[str, Any]] = [
        {"of": "mail", "do": "set_auto_renew", "enabled": False},
        {"do": "pay", "payment_id": "p-1", "amount": "10.00", "currency": "USD"},
        {"of": "crm", "do": "set_auto_renew", "enabled": True},
    ]
    answers = document_of(asking_several(*commands))["answers"]
    assert [(answer.get("of"), answer["do"], answer["outcome"]) for answer in answers] == [
        ("mail", "set_auto_renew", "done"),
        (None, "pay", "done"),
        ("crm", "set_auto_renew", "unchanged"),
    ]


def test_mon_5_lines_say_whose_they_are_and_what_is_open_is_open_in_each_currency() -> None:
    invoices = document_of(of_several(until="2026-02-28T10:00:00Z"))["invoices"]
    found = [
        (invoice["invoice"], invoice["currency"], [(line["of"], line["at"][:10]) for line in invoice["lines"]])
        for invoice in invoices
    ]
    assert found == [
        (1, "USD", [("crm", "2026-01-31")]),
        (None, "EUR", [("mail", "2026-02-05")]),
        (None, "USD", [("crm", "2026-02-28")]),
    ]


def test_lif_4_at_one_instant_subscriptions_go_by_name_and_then_the_account() -> None:
    """Both renew at the month's end, and their rows are on the next month's invoice, by name."""
    order = {"at": "2026-03-01T00:00:00Z"}
    subscriptions = {
        name: {"offer": offer, "order": order} for name, offer in (("b", OFFER), ("a", {**MAIL, "currency": "USD"}))
    }
    document = document_of(of_several(subscriptions=subscriptions, until="2026-04-01T00:00:00Z"))
    first, second = document["invoices"]
    assert [line["of"] for line in first["lines"]] == ["a", "b"]
    assert (second["invoice"], [line["of"] for line in second["lines"]]) == (None, ["a", "b"])
    assert list(document["subscriptions"]) == ["b", "a"]
