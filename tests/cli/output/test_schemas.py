"""Every command that has `--json` has a published schema, which is fresh, and which real output keeps."""

import json
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cli.output.files import FOLDER, PRINTED, files
from tests.support.command_line import COMMANDS, Ask, Billed
from tests.support.paths import ROOT
from tests.support.reads import LINES, asked, filled

PUBLISHED = ROOT / FOLDER


def prints_json(name: str) -> bool:
    module, _, function = COMMANDS[name].partition(":")
    return "as_json" in signature(getattr(import_module(module), function)).parameters


def validator(command: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((PUBLISHED / f"{command.replace(' ', '-')}.schema.json").read_text()))


def faults(command: str, document: Any) -> list[str]:
    return [f"{command}: {each.json_path}: {each.message[:200]}" for each in validator(command).iter_errors(document)]


def test_every_command_with_json_has_a_schema() -> None:
    assert {name for name in COMMANDS if prints_json(name)} == set(PRINTED)


def test_the_published_schemas_are_those_of_the_code() -> None:
    published = {file.name: file.read_text(encoding="utf-8") for file in PUBLISHED.glob("*.json")}
    assert published == files(), "write them anew: .venv/bin/python -m cli.output.files"


@pytest.mark.parametrize("command", PRINTED)
def test_each_schema_is_one(command: str) -> None:
    Draft202012Validator.check_schema(validator(command).schema)


@pytest.mark.live
def test_what_read_commands_print_keeps_its_schema(billed: Billed) -> None:
    names, found = filled(billed), []
    for command in LINES:
        for line in asked(names, command):
            result = billed.ask.whole(f"{line} --json", code=0)
            found += faults(command, json.loads(result.stdout))
    assert found == []


@pytest.mark.live
def test_what_changing_commands_answer_keeps_its_schema(ask: Ask, customer: str) -> None:
    name, found = f"{customer}-1", []
    for command, line, code in (
        ("buy", f"buy contoso-crm --customer {customer} --quantity 3 --id {name}", 0),
        ("quantity", f"quantity {name} 5 --yes", 0),
        ("add-on", f"add-on {name} archive 2 --dry-run", 0),
        ("auto-renew", f"auto-renew {name} off", 0),
        ("suspend", f"suspend {name} --reason fraud --yes", 0),
        ("reactivate", f"reactivate {name} --yes", 0),
        ("activate", f"activate {name}", 1),
        ("cancel", f"cancel {name} --reason customer_request --dry-run", 0),
        ("cancel", f"cancel {name} --reason customer_request --yes", 0),
        ("cart add", f"cart add contoso-crm --customer {customer}", 0),
        ("cart review", f"cart review --customer {customer}", 0),
        ("cart buy", f"cart buy --customer {customer}", 0),
        ("account pay", f"account pay {customer} 10.00 USD", 0),
        ("buy", f"buy set-up --customer {customer} --id {customer}-2", 0),
        ("setup-link", f"setup-link {customer}-2", 0),
        ("buy", f"buy for-others --customer {customer}", 1),
        ("bulk suspend", f"bulk suspend --reason fraud --customer {customer} --dry-run", 0),
        (
            "bulk auto-renew",
            f"bulk auto-renew off --customer {customer} --id {customer}-b --yes",
            0,
        ),
    ):
        found += faults(command, ask.json(line, code=code))
    assert found == []


@pytest.mark.live
def test_what_moving_in_and_out_prints_keeps_its_schema(ask: Ask, customer: str, tmp_path: Path) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {customer}-1")
    out, back = tmp_path / "out.jsonl", tmp_path / "back.jsonl"
    written = ask.json(f"export {out} --customer {customer}")
    assert (written["subscriptions"], written["left_out"], written["invoices_left_out"]) == (1, {}, 0)
    row = {**json.loads(out.read_text()), "subscription_id": f"{customer}-2"}
    back.write_text(json.dumps(row))
    shown, done, again = (ask.json(f"import {back} {how}") for how in ("--dry-run", "--yes", "--yes"))
    assert (shown["new"], done["started"], again["known"]) == (1, 1, 1)
    found = [
        *faults("export", written),
        *(each for document in (shown, done, again) for each in faults("import", document)),
    ]
    assert found == []


def test_a_document_of_another_shape_is_noticed() -> None:
    assert faults("list", [{"subscription_id": "crm-1"}])
    assert faults("timeline", {"milestones": []})
    assert faults("explain", {"rule": "CXL-2", "text": None})
    assert faults("bulk show", {"id": "b-1", "state": "gone"})
    assert faults("import", {"new": 1, "known": 0})
