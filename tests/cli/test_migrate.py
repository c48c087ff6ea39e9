"""`migrate` as people and scripts read it: exit codes, the document, and one line where it cannot begin."""

import json
from typing import Any

import pytest

from perennial.deployment.deployment import Deployment, Moves
from tests.support.command_line import Ask, Starter
from workflows.calls.errors import Rejected

STOPPED = Moves(
    "2.0",
    found=1_200,
    moved=4,
    failed={"subscription:s-1": "subscription:s-1: the first task of its new run fails; see its history."},
    stopped="1 of the first 5 did not get on in a new run",
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the use case was asked, and under `moves` what it answers."""
    asked: dict[str, Any] = {"moves": Moves("2.0", found=1_200, moved=1_190, stayed=7, ended=3)}

    async def migrate(_: Deployment, to: str | None, **options: Any) -> Moves:
        options.pop("watch")(asked["moves"])
        asked.update(options, to=to)
        answer: Moves = asked["moves"]
        return answer

    async def elsewhere(_: Deployment, to: str | None) -> Moves:
        asked["looked"] = to
        return Moves("2.0", found=1_200)

    monkeypatch.setattr(Deployment, "migrate", migrate)
    monkeypatch.setattr(Deployment, "elsewhere", elsewhere)
    return asked


def test_everything_is_moved(starter: Starter, asked: dict[str, Any]) -> None:
    result = starter("migrate")
    assert result.exit_code == 0
    assert result.stdout == (
        "1,200 workflows on another version than 2.0\n"
        "1,190 moved, 7 placed elsewhere by the routing, 3 ended, 0 failed\n"
    )
    assert (asked["to"], asked["canary"], asked["per_second"], asked["limit"]) == (None, 5, 20, None)


def test_the_options_and_the_document(starter: Starter, asked: dict[str, Any]) -> None:
    result = starter(*["migrate", "--to", "2.0", "--canary", "0", "--rate", "7", "--limit", "9", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "to": "2.0",
        "found": 1_200,
        "moved": 1_190,
        "stayed": 7,
        "ended": 3,
        "failed": {},
        "stopped": None,
    }
    assert (asked["to"], asked["canary"], asked["per_second"], asked["limit"]) == ("2.0", 0, 7, 9)


def test_a_failure_is_told_and_is_exit_code_1(starter: Starter, asked: dict[str, Any]) -> None:
    asked["moves"] = STOPPED
    result = starter("migrate")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1:] == [
        "4 moved, 0 placed elsewhere by the routing, 0 ended, 1 failed",
        "Stopped: 1 of the first 5 did not get on in a new run.",
        "  subscription:s-1  the first task of its new run fails; see its history.",
    ]
    document = starter("migrate", "--json")
    assert document.exit_code == 1
    assert json.loads(document.stdout)["stopped"] == STOPPED.stopped


def test_a_dry_run_looks_only(starter: Starter, asked: dict[str, Any]) -> None:
    result = starter("migrate", "--to", "2.0", "--dry-run")
    assert (result.exit_code, result.stdout) == (0, "1,200 workflows on another version than 2.0\n")
    assert (asked["looked"], "to" in asked) == ("2.0", False)


@pytest.mark.parametrize("options", ["--rate 0", "--rate 5000", "--canary few", "--limit 0", "--limit -1"])
def test_what_is_typed_wrongly(starter: Starter, options: str) -> None:
    result = starter("migrate", *options.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert options.split(maxsplit=1)[0] in result.stderr


def test_what_cannot_begin_is_one_line(starter: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object, **__: object) -> Moves:
        raise Rejected("Deployment perennial has no current version: set one first.")

    monkeypatch.setattr(Deployment, "migrate", refused)
    result = starter("migrate")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == "Deployment perennial has no current version: set one first."


def test_workers_without_versions(ask: Ask) -> None:
    assert "set PERENNIAL_DEPLOYMENT" in ask.whole("migrate", code=1).stderr
