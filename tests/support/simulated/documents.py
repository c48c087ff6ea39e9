"""Documents of simulated scenarios, and how they are compared with the expected ones."""

import json
from pathlib import Path
from typing import Any

from cli.rehearsal.scenario import load
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario_file import parse_scenario

Document = dict[str, Any]


def lived(path: Path) -> Document:
    """The document of the simulated life."""
    return simulate(parse_scenario(load(path))).document()


def expected(path: Path) -> Document:
    """The document that must come of it."""
    (document,) = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert isinstance(document, dict)
    return document


def comparable(document: Document, like: Document) -> Document:
    """The document without wording that the expectation leaves open."""
    open_words = {milestone["what"] for milestone in like["timeline"] if not milestone.get("why")}
    return {
        **document,
        "answers": [{k: v for k, v in answer.items() if k != "message"} for answer in document["answers"]],
        "timeline": [
            {**milestone, "why": ""} if milestone["what"] in open_words else milestone
            for milestone in document["timeline"]
        ],
    }
