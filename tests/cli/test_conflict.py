"""`conflict` as an operator reads it: both contents side by side, the choices, and what is refused."""

import asyncio
import io
import time

import pytest
from rich.console import Console

from activities.adapters.sql.database import Database
from activities.settings import Settings
from cli.operations.conflict import print_conflict
from domain.conflict import Choice, Conflict, compared
from tests.support.command_line import Ask
from tests.support.raw_sql import change

ROW = "5 row term-12/period-1/charge/contoso-crm"
CONFLICT = Conflict(
    key="record:5",
    words="record: Event 5 of crm-1 is already recorded with other content (MON-2).",
    fields=compared(
        {
            "5 event": "quantity_changed",
            "5 quantity": "5",
            "5 command": "c-1",
            ROW: "charge 5 x contoso-crm, USD 50.00, for 2026-01-31 to 2026-02-28",
        },
        {
            "5 event": "quantity_changed",
            "5 quantity": "7",
            ROW: "charge 7 x contoso-crm, USD 70.00, for 2026-01-31 to 2026-02-28",
            "5 details": "x" * 300,
        },
    ),
    choices=(Choice.ADOPT, Choice.SET_ASIDE),
)


def printed(width: int, conflict: Conflict = CONFLICT) -> list[str]:
    out = io.StringIO()
    print_conflict(Console(file=out, width=width, highlight=False), conflict, "crm-1", account=False)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 120, 160])
def test_both_sides_fit_the_screen(width: int) -> None:
    lines = printed(width)
    table = lines[lines.index("", 1) + 1 : lines.index("", lines.index("", 1) + 1)]
    assert max(map(len, table)) <= width
    assert all(line == line.rstrip() for line in table)
    starts = {line.index("THE BOOKS HOLD") for line in table if "THE BOOKS HOLD" in line}
    (books,) = starts
    assert next(line for line in table if line.startswith("! 5 quantity"))[books:] == "7"
    assert [line.startswith("! ") for line in table if " 5 event" in line] == [False]
    assert [line[books:] for line in table if line.startswith("! 5 command")] == ["-"]
    # Nothing is lost where a cell takes several lines.
    row = "".join(line[books:] for line in table if "charge" in line or "2026" in line or "contoso" in line)
    assert row.replace(" ", "").startswith("charge7xcontoso-crm,USD70.00,for2026-01-31to2026-02-28")
    assert "python starter.py conflict set-aside crm-1 record:5 --reason TEXT" in "\n".join(lines)


def test_nothing_to_adopt_is_not_offered() -> None:
    lines = printed(80, CONFLICT.model_copy(update={"fields": (), "choices": (Choice.SET_ASIDE,)}))
    assert not any("adopt" in line for line in lines)
    assert any("retry_effect" in line for line in lines)


@pytest.fixture
def conflicting(ask: Ask, customer: str, settings: Settings) -> str:
    """A subscription whose suspension finds another change of access in the log."""
    subscription = f"conflict-{customer}"
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {subscription}")

    async def work() -> None:
        async with Database(settings.database_url) as database:
            await change(
                database,
                "INSERT INTO access_change (subscription_id, seq, access, at, confirmed_at) SELECT subscription_id, 2, "
                f"access, at, confirmed_at FROM access_change WHERE subscription_id = '{subscription}'",
            )

    asyncio.run(work())
    assert ask.said(f"conflict show {subscription}") == f"No effect of {subscription} is in conflict with the books.\n"
    ask.json(f"suspend {subscription} --reason fraud --no-wait --yes")
    until = time.monotonic() + 60
    while not ask.json(f"show {subscription}")["conflict"]:
        assert time.monotonic() < until
        time.sleep(0.1)
    return subscription


@pytest.mark.parametrize(("command", "choice"), [("adopt", "adopt"), ("set-aside", "set_aside")])
def test_a_conflict_is_shown_settled_and_noted(ask: Ask, conflicting: str, command: str, choice: str) -> None:
    shown = ask.said(f"show {conflicting}")
    step = f"See both sides, and settle it: python starter.py conflict show {conflicting}"
    assert f"revoke:2 does not fit the books. {step}" in shown
    found = ask.json(f"conflict show {conflicting}")["conflict"]
    assert (found["key"], found["choices"]) == ("revoke:2", ["adopt", "set_aside"])
    (access, _) = found["fields"]
    assert access == {"name": "access", "wanted": "revoke", "held": "grant", "differs": True}
    assert "\n! access  revoke" in ask.said(f"conflict show {conflicting}")

    settle = ("conflict", command, conflicting)
    assert "reason: got ''" in ask.words(*settle, "revoke:2", code=2)
    assert "the effect that waits is revoke:2" in ask.words(*settle, "revoke:3", "--reason", "seen", code=1)
    refused = ask.words(*settle, "revoke:2", "--reason", "seen", "--by", "sales_agent", code=1)
    assert "Only an operator settles conflicts" in refused
    said = ask.words(*settle, "revoke:2", "--reason", "seen with ana", "--actor", "bob")
    assert said.startswith(f"{conflicting}: revoke:2: ")
    assert "no effect waits with a conflict" in ask.words(*settle, "revoke:2", "--reason", "again", code=1)

    assert [event["event"] for event in ask.json(f"events {conflicting}")][2:] == ["conflict_settled"]
    (noted,) = ask.json(f"check {conflicting}")["noted"]
    assert (noted["key"], noted["choice"], noted["by"], noted["actor"]) == ("revoke:2", choice, "admin_agent", "bob")
    assert noted["reason"] == "seen with ana"
    text = ask.said(f"check {conflicting}")
    assert "Noted deviations, settled by operators:\n" in text
    assert f"  revoke:2 {choice}, by admin_agent bob: seen with ana" in text
    assert "violation" not in text


def test_an_account_without_a_conflict(ask: Ask, customer: str) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --quantity 1 --id none-{customer}")
    assert ask.json(f"conflict show {customer} --account") == {"id": customer, "account": True, "conflict": None}
    settle = ("conflict", "adopt", customer, "record:1", "--account", "--reason", "agreed")
    assert "no effect waits with a conflict" in ask.words(*settle, code=1)
