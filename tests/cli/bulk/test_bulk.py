"""`bulk`: shown first, done as shown, steered and reported; files with every kind of malformed row; wrong use."""

import csv
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.command_line import Ask, Starter

pytestmark = pytest.mark.live
DONE = "--yes --rate 1000"


@pytest.fixture
def three(ask: Ask, customer: str) -> list[str]:
    """Three subscriptions of the customer, of one, two and three licences."""
    ids = [f"bulk-{customer}-{number}" for number in range(1, 4)]
    for number, one in enumerate(ids, start=1):
        ask.json(f"buy contoso-crm --customer {customer} --quantity {number} --id {one}")
    return ids


def test_shown_done_and_reported(ask: Ask, customer: str, three: list[str]) -> None:
    shown = ask.json(f"bulk quantity 2 --customer {customer} --dry-run")
    assert (shown["action"], shown["items"], shown["counts"]["waiting"], shown["counts"]["unchanged"]) == (
        "quantity",
        3,
        2,
        1,
    )
    assert [ask.json(f"show {one}")["quantity"] for one in three] == [1, 2, 3]
    assert f"quantity 2 for 3 subscriptions: customer {customer}" in ask.said(
        f"bulk quantity 2 --customer {customer} --dry-run"
    )
    done = ask.json(f"bulk quantity 2 --customer {customer} --id seats-{customer} {DONE}")
    assert (done["state"], done["counts"]["done"], done["counts"]["unchanged"]) == ("done", 2, 1)
    assert (done["charges"], done["credits"]) == (shown["charges"], shown["credits"])
    assert (done["shown"]["charges"], done["shown"]["credits"]) == (shown["charges"], shown["credits"])
    assert [ask.json(f"show {one}")["quantity"] for one in three] == [2, 2, 2]

    report = ask.json(f"bulk report seats-{customer}")
    assert [(item["id"], item["status"], item["rule"]) for item in report] == [
        (three[0], "done", "MON-4"),
        (three[1], "unchanged", "MON-7"),
        (three[2], "done", "MON-4"),
    ]
    table = list(csv.DictReader(ask.said(f"bulk report seats-{customer} --csv").splitlines()))
    assert [row["id"] for row in table] == three
    assert {row["currency"] for row in table} == {"USD", ""}
    assert "Nothing of the kind" in ask.said(f"bulk report seats-{customer} --failed")
    assert f"seats-{customer}" in [operation["id"] for operation in ask.json("bulk list --limit 500")]
    view = ask.said(f"bulk show seats-{customer}")
    assert "state      done" in view
    assert "at most 1,000 per second" in view


def test_sus_11_a_planned_pause_of_many_ends_by_itself(ask: Ask, customer: str, three: list[str]) -> None:
    pause = f"bulk suspend --reason customer_request --customer {customer} --until"
    refusals = ask.json(f"{pause} 2020-01-01 --dry-run")["refusals"]
    assert [(refusal["rule"], refusal["items"]) for refusal in refusals] == [("SUS-11", 3)]
    ends = f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}"
    said = ask.said(f"{pause} {ends} --dry-run")
    assert said.startswith(
        f"suspend customer_request until {ends}T00:00:00Z for 3 subscriptions: customer {customer}\n"
    )
    assert ask.json(f"{pause} {ends} {DONE}")["counts"]["done"] == 3
    for one in three:
        shown = ask.json(f"show {one}")
        assert [hold["until"] for hold in shown["holds"]] == [f"{ends}T00:00:00Z"]
        assert shown["deletes_at"] is None
    assert ask.json(f"{pause} {ends} --dry-run")["counts"]["unchanged"] == 3


def test_a_finished_one_is_not_resumed_or_begun_again(ask: Ask, customer: str, three: list[str]) -> None:
    assert len(three) == 3
    line = f"bulk suspend --reason fraud --customer {customer} --id held-{customer} {DONE}"
    assert ask.json(line)["counts"]["done"] == 3
    for command in ("resume", "pause", "stop"):
        words = ask.said(f"bulk {command} held-{customer}", code=1)
        assert words == (
            f"Bulk operation held-{customer} has ended (done). Start a new one for what is left. "
            f"Look at the operation: python starter.py bulk show held-{customer}\n"
        )
    assert "has ended (done)" in ask.said(f"bulk rate held-{customer} 5", code=1)
    assert "has ended (done)" in ask.whole(line, code=1).stderr
    other = f"bulk reactivate --customer {customer} --id held-{customer} {DONE}"
    assert "was started with other content: choose another id" in ask.whole(other, code=1).stderr
    assert ask.json(f"bulk reactivate --customer {customer} --state suspended {DONE}")["counts"]["done"] == 3


def test_paused_steered_and_stopped(ask: Ask, customer: str, three: list[str]) -> None:
    assert len(three) == 3
    operation = f"slow-{customer}"
    begun = ask.whole(f"bulk auto-renew off --customer {customer} --id {operation} --yes --rate 1 --canary 0 --no-wait")
    assert f"Look: python starter.py bulk show {operation}" in begun.stderr
    assert f"pause: python starter.py bulk pause {operation}" in begun.stderr
    assert ask.said(f"bulk pause {operation} --note lunch") == (
        f"{operation}: Paused: nothing more is sent after the batch that is under way.\n"
    )
    assert ask.json(f"bulk rate {operation} 900")["message"] == "At most 900 per second from the next batch on."
    assert "It is paused already." in ask.said(f"bulk pause {operation}", code=1)
    again = ask.whole(f"bulk auto-renew off --customer {customer} --id {operation} {DONE}", code=1)
    assert f"Bulk operation {operation} has begun before: nothing is begun twice." in again.stderr
    assert f"{operation} is paused. See what failed: python starter.py bulk show {operation}." in again.stderr
    assert ask.said(f"bulk resume {operation}") == f"{operation}: It goes on; what has failed is tried again.\n"
    while (view := ask.json(f"bulk show {operation}"))["state"] != "done":
        time.sleep(0.05)
    assert view["counts"]["done"] == 3
    stopped = f"stopped-{customer}"
    ask.whole(f"bulk auto-renew on --customer {customer} --id {stopped} --yes --rate 1 --canary 1 --no-wait")
    assert ask.said(f"bulk stop {stopped} --note enough --by billing_admin") == (
        f"{stopped}: Stopped: what was not sent yet stays untouched.\n"
    )
    assert ask.json(f"bulk auto-renew on --customer {customer} {DONE}")["state"] == "done"
    assert [ask.json(f"show {one}")["auto_renew"] for one in three] == [True] * 3


def test_files_say_what_each_gets(ask: Ask, customer: str, three: list[str], tmp_path: Path) -> None:
    file = tmp_path / "seats.csv"
    file.write_text("subscription,quantity\n" + "".join(f"{one},{n}\n" for n, one in enumerate(three, start=5)))
    done = ask.json(f"bulk quantity --file {file} {DONE}")
    assert done["counts"]["done"] == 3
    assert done["selection"]["rows"] == 3
    assert [ask.json(f"show {one}")["quantity"] for one in three] == [5, 6, 7]
    prices = tmp_path / "prices.csv"
    prices.write_text(f"\ufeffunit_price,subscription\r\n12.50,{three[0]}\r\n")
    assert ask.json(f"bulk price --file {prices} {DONE}")["counts"]["done"] == 1
    plain = tmp_path / "plain.csv"
    plain.write_text(f"subscription\n{three[1]}\n")
    assert ask.json(f"bulk cancel --reason customer_request --file {plain} {DONE}")["outcomes"] == {
        "cancelled_with_credit": 1
    }
    assert customer


def test_a_policy_pack_is_given(ask: Ask, customer: str, three: list[str], tmp_path: Path) -> None:
    assert len(three) == 3
    pack = tmp_path / "pack.yaml"
    pack.write_text(PACK)
    assert ask.json(f"bulk policy {pack} --customer {customer} {DONE}")["counts"]["done"] == 3
    again = ask.json(f"bulk policy {pack} --customer {customer} --dry-run")
    assert again["counts"]["unchanged"] == 3
    pack.write_text(PACK.replace("csp-2019", "nce-2022"))
    refused = ask.json(f"bulk policy {pack} --customer {customer} --dry-run")
    assert refused["counts"]["refused"] == 3
    assert refused["refusals"][0]["rule"] == "BUY-5"


PACK = """name: csp-2019
version: 4
refund_window_monthly: P1D
refund_window_other: P14D
retention_base: P90D
retention_cap: P120D
free_days_count: true
"""


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            "",
            [
                "1: subscription: got nothing; takes a column; it is required",
                "1: quantity: got nothing; takes a column; it is required",
            ],
        ),
        ("subscription,quantity\n", [": got no subscriptions; takes one per line, under the heading subscription"]),
        (
            "subscription,seats\ns-1,2\n",
            ["1: quantity: got nothing; takes a column", "1: seats: got 'seats'; takes one of"],
        ),
        ("subscription,quantity,quantity\n", ["1: quantity: got '2 columns'; takes each column once"]),
        ("subscription,quantity\ns-1\n", ["2: got 1 cells; takes 2, one per column"]),
        ("subscription,quantity\ns 1,2\n", ["2: subscription: got 's 1'; takes 1 to 64 letters"]),
        ("subscription,quantity\n,2\n", ["2: subscription: got ''; takes 1 to 64 letters"]),
        (
            "subscription,quantity\ns-1,2\ns-2,2\ns-1,3\n",
            ["4: subscription: got 's-1'; takes each once; it is in line 2 too"],
        ),
        (
            "subscription,quantity\ns-1,two\ns-2,-1\ns-3,1.5\ns-4,\ns-5,999999999999\n",
            [
                "2: quantity: got 'two'; takes a whole number",
                "3: quantity: got '-1'; takes a whole number",
                "4: quantity: got '1.5'; takes a whole number",
                "5: quantity: got ''; takes a whole number",
                "6: quantity: got 999999999999; takes",
            ],
        ),
        ('subscription,quantity\n"s-1,2\n', ["cannot be read as CSV"]),
    ],
)
def test_a_malformed_file_names_every_fault_and_sends_nothing(
    starter: Starter, tmp_path: Path, text: str, faults: list[str]
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(text)
    result = starter("bulk", "quantity", "--file", file, "--yes")
    assert (result.exit_code, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert len(lines) == len(faults), result.stderr
    for line, fault in zip(lines, faults, strict=True):
        assert line.startswith(str(file))
        assert fault in line


def test_a_file_of_unknown_subscriptions_names_their_lines(ask: Ask, three: list[str], tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(f"subscription\nnobody-1\n{three[0]}\nnobody-2\n")
    result = ask.whole(f"bulk suspend --reason fraud --file {file} --yes", code=2)
    assert result.stderr.splitlines()[-2:] == [
        f"{file}:{line}: subscription: got '{one}'; takes the id of a subscription that exists; `list` shows them"
        for line, one in ((2, "nobody-1"), (4, "nobody-2"))
    ]
    assert ask.json(f"show {three[0]}")["state"] == "active"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("suspend --reason fraud --yes", "Which subscriptions? Choose them by --customer"),
        ("suspend --reason fraud --all --customer x --yes", "--all takes all subscriptions: leave out"),
        ("suspend --reason fraud --file f --customer x --yes", "--file names the subscriptions: leave out"),
        ("suspend --reason fraud --state cancelled --yes", "--state: got 'cancelled'; takes a state of"),
        ("suspend --reason boredom --all --yes", "--reason: got 'boredom'; takes one of"),
        ("suspend --reason fraud --all --rate 1001 --yes", "--rate: got 1001; takes at most 1000"),
        ("suspend --reason fraud --all --canary 201 --yes", "--canary: got 201; takes at most 200"),
        (f"suspend --reason fraud --all --id {'x' * 60} --yes", "takes 1 to 59 letters"),
        ("suspend --reason fraud --all", "there is no terminal to ask at: add --yes"),
        ("quantity --all --yes", "quantity: got nothing; takes a value, or --file"),
        ("quantity 5 --file f --yes", "quantity: type it, or choose a file"),
        ("quantity 9999999999 --all --yes", "quantity: got 9999999999; takes"),
        ("price 1.0000000001 --all --yes", "unit_price: got 1.0000000001; takes at most"),
        ("policy nowhere.yaml --all --yes", "nowhere.yaml"),
        ("report x --csv --json", "--json and --csv are output formats: choose one"),
        (f"pause x --by {'x' * 65}", "by: got"),
        (f"stop x --note {'x' * 1025}", "note: got"),
        ("rate x 0", "got '0'; takes 1 or more"),
        ("migrate --rate 0 --yes", "--rate: got '0'; takes 1 or more"),
        ("migrate --rate 5000 --yes", "--rate: got 5000; takes at most 1000"),
        ("migrate --canary few --yes", "--canary: got 'few'; takes a whole number"),
        ("migrate --limit -1 --yes", "--limit: got '-1'; takes a whole number"),
        ("migrate", "bulk migrate asks before it acts, and there is no terminal to ask at"),
        ("rate x 1001", "N: got 1001; takes at most 1000"),
    ],
)
def test_wrong_use_is_one_line(starter: Starter, line: str, words: str) -> None:
    result = starter("bulk", *line.split())
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_workers_without_versions_cannot_be_moved(ask: Ask) -> None:
    for options in ("--dry-run", "--yes"):
        assert "set PERENNIAL_DEPLOYMENT" in ask.said(f"bulk migrate {options}", code=1)


def test_what_does_not_exist_or_match_is_one_line(ask: Ask) -> None:
    for command in ("show", "report", "pause", "resume", "stop"):
        words = ask.said(f"bulk {command} nothing", code=1)
        assert words == "There is no bulk operation nothing. List the bulk operations: python starter.py bulk list\n"
    nobody = ask.whole("bulk suspend --reason fraud --customer nobody --yes", code=1)
    assert "No subscription that has not ended matches: customer nobody." in nobody.stderr
    assert json.loads(ask.whole("bulk list --json").stdout) is not None
