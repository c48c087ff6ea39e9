"""The walks of docs/architecture.md: every hop exists in the code, leads downward or outward, and none comes twice."""

import ast
import itertools
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.paths import ROOT
from tests.support.project import FLOORS

OUTWARD = ("activities/adapters/", "workflows/server_ports.py", "workflows/notifications/client.py")
"""Where a port may lead: adapters for the database, HTTP and the Temporal server."""
SERVER = "server"


class Hop(NamedTuple):
    """One line of a walk: a function, or the Temporal server, which calls the worker anew."""

    file: str
    name: str
    by_port: bool = False


Leg = list[Hop]
"""Hops that call each other. The next leg begins where this one has returned."""


def walks() -> dict[str, list[Leg]]:
    page = (ROOT / "docs" / "architecture.md").read_text()
    found: dict[str, list[Leg]] = {}
    for title, text in re.findall(r"^### Walk: (.+?)\n(.*?)(?=^##)", page, re.DOTALL | re.MULTILINE):
        legs: list[Leg] = []
        for line in text.splitlines():
            if line.startswith("**"):
                legs.append([])
            elif hop := re.match(r"\d+\. (?:(\(port\)) )?`([\w/]+\.py): ([\w.]+)`", line):
                legs[-1].append(Hop(hop[2], hop[3], by_port=bool(hop[1])))
            elif re.match(r"\d+\. The \*server\*", line):
                legs[-1].append(Hop(SERVER, ""))
            else:
                assert not re.match(r"\d+\.", line), f"no hop: {line}"
        found[title] = legs
    return found


WALKS = walks()


def functions(path: Path) -> set[str]:
    """The names of the functions of a file, those of its classes with and without the class's name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{each.name}"
                for each in node.body
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return found


def depth(hop: Hop) -> int:
    return FLOORS.index(hop.file.partition("/")[0])


def test_there_are_four() -> None:
    assert list(WALKS) == ["cancel", "buy by cart", "a payment", "an event to the publisher"]


@pytest.mark.parametrize("walk", WALKS)
def test_every_hop_exists(walk: str) -> None:
    hops = [hop for leg in WALKS[walk] for hop in leg if hop.file != SERVER]
    assert len(hops) > 8
    for hop in hops:
        assert (ROOT / hop.file).is_file(), hop
        assert hop.name in functions(ROOT / hop.file), hop


@pytest.mark.parametrize("walk", WALKS)
def test_every_hop_leads_downward_or_outward(walk: str) -> None:
    for leg in WALKS[walk]:
        for before, hop in itertools.pairwise(leg):
            if hop.by_port:
                assert hop.file.startswith(OUTWARD), hop
            elif SERVER not in {before.file, hop.file}:
                assert depth(hop) >= depth(before), (before, hop)


@pytest.mark.parametrize("walk", WALKS)
def test_no_hop_is_made_twice(walk: str) -> None:
    hops = [hop[:2] for leg in WALKS[walk] for hop in leg if hop.file != SERVER]
    assert len(hops) == len(set(hops))
