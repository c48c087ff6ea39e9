"""docs/lifecycle.md is generated from the machine, and never stale."""

from dataclasses import fields

from domain.subscription.events import State
from statemachines.subscription.diagram import COMMAND, GUARDS, diagram, document, rows
from statemachines.subscription.lifecycle import DOES
from statemachines.subscription.machine import Cursor, Transition
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "lifecycle.md"


def test_the_page_is_what_the_machine_says() -> None:
    assert PAGE.read_text("utf-8") == document(), f"stale; run: {COMMAND}"


def test_every_transition_is_a_row_with_what_it_does() -> None:
    assert {row.transition for row in rows()} == set(DOES)
    assert len(rows()) == len(DOES)
    assert all(row.does for row in rows())


def test_a_row_carries_its_guard() -> None:
    guards = {row.transition: row.guard for row in rows()}
    assert guards[Transition("cancel", State.ACTIVE, State.CANCELLED)] == "refund_open"
    assert guards[Transition("change_quantity", State.ACTIVE, State.ACTIVE)] == "not metered"
    assert guards[Transition("suspend", State.ACTIVE, State.SUSPENDED)] == ""


def test_the_diagram_shows_every_way_between_states_once() -> None:
    arrows = [line.split(" : ")[0].strip() for line in diagram(rows()) if " : " in line]
    ways = {f"{t.source.value} --> {t.target.value}" for t in DOES if t.source is not t.target}
    assert sorted(arrows) == sorted(ways)


def test_every_guard_is_put_into_words() -> None:
    assert set(GUARDS) == {field.name for field in fields(Cursor)} - {"state"}
