"""How things are told: sheets, forecasts, command lines, rules, text that steers nothing."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from cli.printing.screen import instant, print_facts, printable, quantity, say
from cli.printing.tables import Entry, Sheet
from cli.rehearsal.agreement import Agreement, conclusion
from cli.rehearsal.command_line import command_line
from cli.rehearsal.scenario import read
from cli.rule_words import WORDS, words_of
from cli.start import program
from domain.rules import Rule
from domain.subscription.commands import AnyCommand
from statemachines.simulation.course import simulate
from statemachines.simulation.document import LifeReport
from tests.support.paths import ROOT
from tests.support.terminal import NARROW

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("command", [f"{program()} list --customer", "temporal workflow show --workflow-id"])
def test_a_line_with_a_command_to_copy_is_never_wrapped(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in NARROW.items():
        monkeypatch.setenv(name, value)
    line = f"See what there is: {command} {'x' * 20} {'y' * 20}"
    say(line)
    assert capsys.readouterr().out == f"{line}\n"
    say(line.replace(command, "z" * 40))
    assert capsys.readouterr().out.count("\n") == 2


@pytest.fixture(scope="module")
def story() -> LifeReport:
    return simulate(read([ROOT / "scenarios" / "lives" / "full-credit-with-increases-and-add-ons.yaml"])[0]).only


def test_a_life_as_it_was_forecast(story: LifeReport) -> None:
    comparison = Agreement.of(story, story)
    assert (comparison.events, comparison.rows, comparison.difference) == (6, 12, None)
    assert str(comparison) == "as forecast: 6 events, 12 ledger lines"
    assert conclusion([comparison] * 2) == "2 lives, 12 events, 24 ledger lines: all as forecast."


def test_the_first_difference_from_the_forecast_is_shown(story: LifeReport) -> None:
    dearer = story.rows[3].model_copy(update={"amount": Decimal("692.29")})
    happened = story.model_copy(update={"rows": (*story.rows[:3], dearer, *story.rows[4:])})
    comparison = Agreement.of(story, happened)
    assert (comparison.events, comparison.rows) == (6, 11)
    assert str(comparison) == (
        "NOT AS FORECAST. First difference: ledger[3].amount: forecast '692.28', happened '692.29'"
    )
    assert conclusion([comparison]) == "1 life: 1 NOT as forecast; 6 events and 11 ledger lines were."


@pytest.mark.parametrize("lost", ["events", "rows", "answers", "access", "notifications"])
def test_whatever_is_missing_is_a_difference(story: LifeReport, lost: str) -> None:
    happened = story.model_copy(update={lost: getattr(story, lost)[:-1]})
    assert Agreement.of(story, happened).difference is not None
    assert Agreement.of(happened, story).difference is not None


def test_facts_wrap_between_words_on_a_terminal_but_not_where_a_command_is_to_be_copied(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "40"}.items():
        monkeypatch.setenv(name, value)
    command = f"{program()} activate a-subscription-with-a-long-id"
    print_facts([("allowed", "cancel, change_quantity, set_add_on"), ("next", command)])
    assert unstyled(capsys.readouterr().out).splitlines() == [
        "  allowed    cancel, change_quantity,",
        "             set_add_on",
        f"  next       {command}",
    ]


def unstyled(printed: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", printed)


def test_a_sheet_aligns_dates_cells_and_money() -> None:
    entries = [
        Entry(when="2027-01-31 09:00", cells=("purchased", "active", "BUY-4", "bought")),
        Entry(note="charge  3 x contoso-crm", money="1,030.00", indent=2),
        Entry(when="2027-02-28 09:00", cells=("renewed", "active", "REN-1", "renews by itself " * 4)),
        Entry(note="charge  3 x contoso-crm", money="30.00", indent=2),
    ]
    lines = [line.plain for line in Sheet(entries).lines(80)]
    assert lines[0] == "2027-01-31 09:00  purchased  active  BUY-4  bought"
    assert lines[1] == f"{'':20}{'charge  3 x contoso-crm':<50}  1,030.00"
    assert lines[-1].endswith("     30.00")
    assert len(lines[1]) == len(lines[-1]) == 80
    assert all(len(line) <= 80 and line == line.rstrip() for line in lines)
    wrapped = lines[3]
    assert wrapped.startswith(" " * 44 + "renews"), "what wraps stays in its column"


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOON, "2027-01-31 12:00"),
        (NOON + timedelta(seconds=1), "2027-01-31 12:00:01"),
        (NOON - timedelta(microseconds=1), "2027-01-31 11:59:59.999999"),
        (None, ""),
    ],
)
def test_an_instant_is_never_rounded(at: datetime | None, text: str) -> None:
    assert instant(at) == text


@pytest.mark.parametrize(("number", "text"), [("3", "3"), ("12.50", "12.5"), ("1000", "1,000"), ("0.001", "0.001")])
def test_a_quantity(number: str, text: str) -> None:
    assert quantity(Decimal(number)) == text


def test_text_that_steers_nothing() -> None:
    assert printable("a\nb\x1b[31m\u202egnp") == "a\\nb\\x1b[31m\\u202egnp"
    assert printable("Müller, 日本") == "Müller, 日本"


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"do": "change_quantity", "quantity": 5}, "quantity 5"),
        ({"do": "set_add_on", "add_on": "backup", "quantity": 2}, "add-on backup 2"),
        ({"do": "suspend", "reason": "fraud", "by": "service"}, "suspend --reason fraud --by service"),
        ({"do": "set_auto_renew", "enabled": False}, "auto-renew off"),
        ({"do": "report_usage", "units": "12.5", "usage_id": "d-1"}, "usage report 12.5 --usage-id d-1"),
        ({"do": "change_price", "unit_price": "11.00", "by": "system"}, "price 11.00 a unit from now on"),
        ({"do": "activate", "by": "publisher"}, "activate"),
        ({"do": "activate", "by": "service"}, "activate --by service"),
        ({"do": "reactivate"}, "reactivate"),
        ({"do": "reject_quantity", "sequence": 4, "by": "publisher"}, "reject-quantity 4"),
        ({"do": "reject_quantity", "sequence": 4, "by": "service"}, "reject-quantity 4 --by service"),
    ],
)
def test_a_command_as_it_would_be_typed(asked: dict[str, object], line: str) -> None:
    command = TypeAdapter[AnyCommand](AnyCommand).validate_python({"by": "admin_agent", **asked})
    assert command_line(command) == line


def test_every_rule_has_a_few_words() -> None:
    assert set(WORDS) == set(Rule)
    assert all(0 < len(words) <= 36 for words in WORDS.values())
    assert words_of("ELG-99") == ""
