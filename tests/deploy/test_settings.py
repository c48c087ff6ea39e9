"""Every variable and every command line of the deployment is one that the program knows."""

import json
import os
import re
from typing import Any

import pytest

from activities.settings import Settings
from cli.app import command_line
from hosting.configuration import Source, in_effect
from tests.support.deployed import container_environment, image, image_environment, ours, pods
from tests.support.paths import ROOT

OF_OTHERS = {"PGPASSWORD", "PATH", "PYTHONUNBUFFERED"}
"""Variables of libpq, the shell and Python."""
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "Dockerfile": image_environment(),
    **{f"compose.yaml: {name}": service["environment"] for name, service in ours().items()},
    **{f"kubernetes/{name}": container_environment(pod) for name, pod in pods().items()},
}
COMMANDS: dict[str, list[str]] = {
    "Dockerfile": json.loads(image()["CMD"][0]),
    **{f"compose.yaml: {name}": service["command"] for name, service in ours().items()},
    **{f"kubernetes/{name}": pod["containers"][0]["args"] for name, pod in pods().items()},
}


@pytest.mark.parametrize("place", ENVIRONMENTS)
def test_every_variable_is_a_setting_with_a_value_that_it_takes(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PERENNIAL_", "TEMPORAL_"))]:
        monkeypatch.delenv(name)
    settings = {name: value for name, value in ENVIRONMENTS[place].items() if name not in OF_OTHERS}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    found = {each.name: each.source for each in in_effect()}
    assert {name: found.get(name) for name in settings} == dict.fromkeys(settings, Source.ENVIRONMENT)


def test_every_variable_that_the_files_mention_is_a_setting() -> None:
    """Also those in comments."""
    known = {f"PERENNIAL_{field.upper()}" for field in Settings.model_fields}
    files = [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    texts = {path.name: path.read_text() for path in [*files, ROOT / "Dockerfile"]}
    named = {(name, each) for name, text in texts.items() for each in re.findall(r"\bPERENNIAL_\w+", text)}
    assert {each for each in named if each[1] not in known} == set()


@pytest.mark.parametrize("place", COMMANDS)
def test_every_command_line_is_one_that_the_program_takes(place: str) -> None:
    _parsed(COMMANDS[place])


def _parsed(words: list[str]) -> None:
    """Read the words as the program does, and run nothing."""
    command: Any = command_line()
    context = command.make_context("perennial", list(words))
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, context._protected_args + context.args)
        context = command.make_context(name, rest, parent=context)
    assert context.args == []


@pytest.mark.parametrize("words", [["wroker"], ["worker", "--metrics", "1"], ["setup", "now"]])
def test_a_command_line_with_a_mistake_is_noticed(words: list[str]) -> None:
    with pytest.raises(Exception, match=r"No such|unexpected"):
        _parsed(words)
