"""At a terminal: an import that is stopped by Ctrl-C says how it goes on, and goes on so (MOV-1); an export."""

import json
import re
from pathlib import Path

import pytest

from tests.support.command_line import Ask
from tests.support.terminal import at_a_terminal

pytestmark = pytest.mark.live
ROWS = 60


def test_ctrl_c_says_how_it_is_resumed_and_the_same_command_goes_on(
    ask: Ask, running: dict[str, str], customer: str, tmp_path: Path
) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {customer}-0")
    row = json.loads(ask.said(f"export --customer {customer}"))
    file = tmp_path / "rows.jsonl"
    rows = [{**row, "subscription_id": f"{customer}-{number}"} for number in range(1, ROWS + 1)]
    file.write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    with at_a_terminal("import", str(file), "--yes", columns=400, env=running) as program:
        program.wait_for("start subscriptions")
        assert program.interrupted() == 130
        said = program.wait_for("Stopped.")
    (far,) = re.findall(rf"Stopped: {ROWS} of {ROWS} are in the books, ([0-9]+) were started now\.", said)
    assert f"To go on: python starter.py import {file} --yes" in said
    assert "Traceback" not in said
    assert int(far) < ROWS
    done = ask.json(f"import {file} --yes")
    assert (done["new"], done["known"], done["failed"]) == (0, ROWS, {})
    states = {each["state"] for each in ask.json(f"list --customer {customer} --limit 500")}
    assert states == {"active"}
    assert ask.json(f"import {file} --yes")["started"] == 0


def test_rows_on_a_terminal_stand_on_lines_of_their_own(ask: Ask, running: dict[str, str], customer: str) -> None:
    """Nothing moves between them."""
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {customer}-0")
    with at_a_terminal("export", "--customer", customer, columns=400, env=running) as program:
        assert program.wait_for("}\n").strip() == ask.said(f"export --customer {customer}").strip()
