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
    answers = [{k: v for k, v in answer.items() if k != "message"} for answer in document["answers"]]
    if "subscriptions" not in like:
        return {**_comparable_life(document, like), "answers": answers}
    lives = {
        name: _comparable_life(life, like["subscriptions"].get(name, life))
        for name, life in document["subscriptions"].items()
    }
    return {**document, "subscriptions": lives, "answers": answers}


def _comparable_life(life: Document, like: Document) -> Document:
    open_words = {milestone["what"] for milestone in like["timeline"] if not milestone.get("why")}
    shown = [
        {**milestone, "why": ""} if milestone["what"] in open_words else milestone for milestone in life["timeline"]
    ]
    return {**life, "timeline": shown}
