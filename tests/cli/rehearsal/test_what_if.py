"""`what-if`: commands tried on a copy, and that doing them then gives exactly what was shown."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Ask, Starter

pytestmark = pytest.mark.live

UNTIL = "2027-08-01T00:00:00Z"
PLAN = [
    ("2027-03-15T00:00:00Z", "quantity 5"),
    ("2027-03-15T00:00:00Z", "add-on archive 2 --by sales_agent"),
    ("2027-04-10T12:30:00.000001Z", "suspend --reason customer_request --details moving"),
    ("2027-04-20T00:00:00Z", "reactivate"),
    ("2027-06-02T00:00:00Z", "cancel --reason customer_request"),
]


def bought(ask: Ask, customer: str, offer: str = "contoso-crm", more: str = "") -> str:
    """A subscription since January 31, whose account suspends nobody."""
    subscription = f"{offer}-{customer}"
    clock = "--test-clock 2027-01-31T09:00:00Z"
    ask.json(f"buy {offer} --customer {customer} --id {subscription} {clock} {more}")
    ask.json(f"account terms {customer} --no-suspension")
    return subscription


def tried(ask: Ask, subscription: str, *words: str) -> Any:
    """The document of a comparison."""
    return ask.document("what-if", subscription, *words)


def typed(plan: list[tuple[str, str]]) -> list[str]:
    return [word for at, command in plan for word in ("--at", at, command)]


def test_doing_it_gives_exactly_what_was_shown(ask: Ask, customer: str) -> None:
    """Events, rows, access and what comes next, to the microsecond and the cent; and the lines of each invoice."""
    subscription = bought(ask, customer, more="--quantity 3 --add-on backup=1")
    before = [ask.json(f"{noun} {subscription}") for noun in ("events", "ledger")]
    shown = tried(ask, subscription, *typed(PLAN), "--until", UNTIL)
    assert [ask.json(f"{noun} {subscription}") for noun in ("events", "ledger")] == before, "nothing was done"
    answers = []
    reached = ""
    for at, command in PLAN:
        if at != reached:
            ask.json(f"clock advance {customer} --to {(reached := at)}")
        name, *rest = command.split()
        yes = [] if name == "usage" else ["--yes"]
        answers.append(ask.document(name, subscription, *rest, "--at", at, *yes))
    ask.json(f"clock advance {customer} --to {UNTIL}")
    assert answers == shown["answers"]
    events, ledger = (ask.json(f"{noun} {subscription}") for noun in ("events", "ledger"))
    fields = ("seq", "at", "event", "state", "rule")
    assert [{name: event[name] for name in fields} for event in events[1:]] == shown["with"]["events"]
    assert ledger[2:] == shown["with"]["ledger"]
    now = {"from": shown["now"]}
    access = ask.json(f"access {subscription}")["access"]
    assert [access[0] | now, *access[1:]] == shown["with"]["access"]
    assert ask.json(f"timeline {subscription}") == shown["with"]["timeline"]
    found = ask.json(f"show {subscription}")
    assert all(found[name] == shown["with"][name] for name in ("state", "auto_renew", "quantity", "add_ons"))
    months = {each["month"]: each["with"] for each in shown["difference"]["months"]}
    assert set(months) == {"2027-03", "2027-04", "2027-05", "2027-06", "2027-07"}
    for invoice in ask.json(f"invoice list --customer {customer}"):
        if lines := months.pop(invoice["period"]["start"][:7], None):
            assert (invoice["charges"], invoice["credits"]) == (lines["charged"], lines["credited"])
    assert set(months) == {"2027-06", "2027-07"}, "a month in which nothing is charged any more has no invoice"
    assert all(lines == {"charged": "0.00", "credited": "0.00", "net": "0.00"} for lines in months.values())


def test_usage_that_is_not_billed_yet_is_counted(ask: Ask, customer: str) -> None:
    """SUS-10: only the books know it; what is tried to be reported comes on top."""
    subscription = bought(ask, customer, "compute")
    report = f"usage report {subscription} 10 --usage-id u-1 --at 2027-02-02T00:00:00Z"
    ask.json(f"clock advance {customer} --to 2027-02-02T00:00:00Z")
    ask.json(report)
    plan = [("2027-02-03T00:00:00Z", "usage report 4 --usage-id u-2")]
    shown = tried(ask, subscription, *typed(plan), "--until", "2027-03-01T00:00:00Z")
    assert [row["amount"] for side in ("without", "with") for row in shown[side]["ledger"]] == ["2.50", "3.50"]
    ask.json(f"clock advance {customer} --to 2027-03-01T00:00:00Z")
    assert ask.json(f"ledger {subscription}") == shown["without"]["ledger"]


def test_what_a_person_reads(ask: Ask, customer: str) -> None:
    subscription = bought(ask, customer, more="--quantity 3")
    plan = [("2027-03-15", "quantity 5"), ("2027-05-01", "cancel --reason fraud")]
    said = ask.words("what-if", subscription, *typed(plan), "--until", "2027-08-01")
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert lines[0].endswith(" to 2027-08-01 00:00:00 UTC, with 2 commands")
    assert lines[1] == "2027-03-15 00:00:00 $ quantity 5"
    assert "2027-05-31 09:00:00 renewed (REN-1): 30.00 expired (CXL-3)" in lines
    assert "2027-03-15 00:00:00 - quantity_changed (MON-4): 10.33" in lines
    assert "WHEN (UTC) WITHOUT (USD) WITH (USD)" in lines
    assert "net 180.00 140.33 -39.67" in lines
    assert "2027-04 30.00 50.00 +20.00" in lines
    assert "state active expired" in lines
    same = ask.words("what-if", subscription, "quantity 3")
    assert "unchanged, MON-7" in same
    assert same.endswith("Nothing differs: events, money, access and what comes next are the same.\n")


def test_a_refused_command_is_shown_and_is_exit_code_1(ask: Ask, customer: str, starter: Starter) -> None:
    subscription = bought(ask, customer)
    result = starter("what-if", subscription, "suspend --reason fraud", "quantity 9")
    assert (result.exit_code, result.stderr) == (1, "Of 2 commands, 1 would be refused.\n")
    assert "refused, LIF-1: The subscription is suspended" in result.stdout
    document = tried(ask, subscription, "quantity 9", "--until", "2027-03-01")
    assert document["difference"]["totals"][0]["difference"]["net"] == "160.00"


def test_a_file_in_the_format_of_scenarios(ask: Ask, customer: str, tmp_path: Path) -> None:
    subscription = bought(ask, customer, more="--quantity 3")
    file = tmp_path / "plan.yaml"
    file.write_text("commands:\n  - {at: 2027-03-15T00:00:00Z, do: change_quantity, quantity: 5}\n")
    line = typed([("2027-03-15T00:00:00Z", "quantity 5")])
    of_file, of_line = (tried(ask, subscription, *words, "--until", UNTIL) for words in (["--file", str(file)], line))
    assert of_file["with"]["ledger"] == of_line["with"]["ledger"]
    assert of_file["answers"] == of_line["answers"]
    priced = "commands:\n  - {at: 2027-03-15T00:00:00Z, do: change_price, unit_price: '20.00'}\n"
    file.write_text(priced)
    assert tried(ask, subscription, "--file", str(file), "--until", UNTIL)["with"]["ledger"][2]["amount"] == "60.00"


BAD = {
    ("frob",): "commands[0]: got 'frob'; takes a command to a subscription, without its id: quantity, add-on",
    ("quantity x",): "commands[0]: quantity: N: got 'x'; takes a whole number",
    ("quantity 5 at 2027-04-01",): (
        "commands[0]: quantity: Got unexpected extra argument(s) (at 2027-04-01). "
        "See: python starter.py quantity --help"
    ),
    ("quantity 5", "suspend"): "commands[1]: suspend: Missing option '--reason'",
    ("quantity 99999999999",): "commands[0]: quantity: quantity: got 99999999999; takes 1000000000 or less",
    ("quantity '5",): "takes a command as it is typed (No closing quotation)",
    ("quantity 5 --json",): "commands[0]: quantity: got '--json'; takes no such option, because nothing is sent",
    ("quantity 5 --help",): "takes no such option",
    (): "Give a command to try, such as",
    ("--at", "2020-01-01", "quantity 5"): "commands[0].at: got 2020-01-01T00:00:00Z; takes an instant not before now",
    ("--at", "2027-04-01", "quantity 5", "--at", "2027-03-01", "quantity 6"): (
        "commands[1].at: got 2027-03-01T00:00:00Z; takes an instant not before the previous command, 2027-04-01"
    ),
    ("--at", "2027-04-01", "quantity 5", "quantity 6"): "--at: got 1 instant; takes one before each of 2 commands",
    ("--at", "2027-04-01", "quantity 5 --at 2027-04-02"): "commands[0]: got two instants",
    ("--at", "2127-04-01", "quantity 5"): "commands[0].at: got 2127-04-01T00:00:00Z; takes an instant not after",
    ("--until", "2127-04-01", "quantity 5"): "--until: got 2127-04-01T00:00:00Z; takes an instant from now",
    ("--until", "2026-04-01", "quantity 5"): "--until: got 2026-04-01T00:00:00Z; takes an instant from now",
    ("--until", "soon", "quantity 5"): "--until: got 'soon'; takes an ISO 8601 instant",
    ("--file", "nowhere.yaml"): "nowhere.yaml",
    ("--file", "nowhere.yaml", "quantity 5"): "Give either commands or --file.",
}


def test_bad_input_is_one_line_each(ask: Ask, customer: str) -> None:
    subscription = bought(ask, customer)
    for words, line in BAD.items():
        assert line in ask.words("what-if", subscription, *words, code=2), words
    assert "There is no subscription nobody-1" in ask.words("what-if", "nobody-1", "quantity 5", code=1)


FILES = {
    "[]": "takes a mapping with `commands` alone",
    "commands: []": "takes a mapping with `commands` alone",
    "commands:\n  - {do: change_quantity, quantity: 5}": "commands[0].at: got nothing; takes the instant",
    "commands:\n  - {at: 2027-03-15T00:00:00Z, do: frob}": "commands[0].do: got 'frob'; takes one of activate",
    "commands:\n  - {at: 2027-03-15T00:00:00Z, do: pay, amount: 5}": "commands[0].do: got 'pay'; takes one of",
    "commands:\n  - {at: 2027-03-15T00:00:00Z, do: change_quantity, quantity: x}": "commands[0].quantity: got 'x'",
    "commands:\n  - 5": "commands[0]: got 5; takes",
}


def test_bad_files_are_one_line_each(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    for text, line in FILES.items():
        file.write_text(text)
        assert line in ask.words("what-if", "crm-1", "--file", str(file), code=2), text
