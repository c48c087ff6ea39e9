"""`import` and `export` over books without a server: files of every malformed kind, and what is not done."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Ask, Starter
from tests.support.shop.takeovers import ACTIVE, AS_OF, CATALOG

ROW = {**ACTIVE, "as_of": AS_OF}
Written = Callable[..., Path]


@pytest.fixture
def books(starter: Starter, migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The command line over books with a catalog, and no server."""
    path = shutil.copy(migrated, tmp_path / "perennial.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    ask = Ask(starter)
    (tmp_path / "catalog.yaml").write_text(json.dumps(CATALOG))
    ask.said("catalog import catalog.yaml")
    return ask


def lines(*rows: dict[str, Any]) -> str:
    """The rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def table(*rows: dict[str, Any], end: str = "\n") -> str:
    """Rows of plain values as a table."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


OWED = {
    "number": "2026/0815",
    "currency": "USD",
    "amount": "30.00",
    "issued_at": "2026-02-01T00:00:00Z",
    "due_at": "2026-04-02T00:00:00Z",
}
USED = {"usage_id": "u-1", "used_at": "2026-03-05T00:00:00Z", "units": "12.5"}
FLAT = {**ROW, "add_ons": "backup=1"}
SOLO = {**ROW, "offer": "solo", "add_ons": {}}
TRIED = {
    "customer": "fabrikam",
    "offer": "tried",
    "state": "trial",
    "unit_price": "9.00",
    "ordered_at": "2026-03-01T00:00:00Z",
    "trial_end": "2026-03-31T00:00:00Z",
    "as_of": AS_OF,
}


def test_a_dry_run_says_what_would_be_imported(books: Ask) -> None:
    Path("a.jsonl").write_text(lines(ROW, {**ROW, "subscription_id": "s-2"}))
    assert books.said("import a.jsonl --dry-run").splitlines() == [
        "No faults.",
        "2 subscriptions of 1 customer to take over: 2 active. 0 in the books already.",
        "2 of them have had something due since their as_of: charges, renewals, ends. "
        "It happens at once, with the dates that it was due at (MOV-4).",
        "Nothing was imported: that was --dry-run.",
    ]
    document = books.json("import a.jsonl --dry-run")
    assert document == {"new": 2, "known": 0, "states": {"active": 2}, "overdue": 2, "invoices": 0}


def test_mov_6_an_invoice_that_two_rows_name_is_owed_once(books: Ask) -> None:
    cell = "2026/0815=30.00 USD issued 2026-02-01T00:00:00Z due 2026-04-02T00:00:00Z"
    Path("a.csv").write_text(
        table(
            {**FLAT, "open_invoices": cell},
            {**FLAT, "subscription_id": "s-2", "open_invoices": f"{cell};7={cell[10:]}"},
        )
    )
    assert books.said("import a.csv --dry-run").splitlines()[2] == (
        "2 open invoices of theirs to owe here: USD 60.00 (MOV-6)."
    )
    assert books.json("import a.csv --dry-run")["invoices"] == 2


def test_without_a_terminal_it_refuses_and_writes_nothing(books: Ask) -> None:
    Path("a.jsonl").write_text(lines(ROW))
    said = books.said("import a.jsonl", code=2)
    assert said.startswith("import asks before it acts, and there is no terminal to ask at: add --yes to do it")
    assert books.said("export") == ""


def test_without_a_server_nothing_is_written(books: Ask) -> None:
    Path("a.jsonl").write_text(lines(ROW))
    assert "127.0.0.1:1" in books.whole("import a.jsonl --yes", code=1).stderr
    assert books.said("export") == ""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_windows_line_ends_quotes_and_empty_lines_do_no_harm(books: Ask, end: str, mark: str) -> None:
    odd = {**FLAT, "reference": 'a "quoted", odd one', "customer": " fabrikam "}
    Path("a.csv").write_text(mark + table(odd, end=end) + end + end, newline="")
    assert books.json("import a.csv --dry-run")["new"] == 1
    Path("b.jsonl").write_text(mark + lines(ROW).replace("\n", end) + end, newline="")
    assert books.json("import b.jsonl --dry-run")["new"] == 1
    Path("c.txt").write_text(mark + table(odd, end=end), newline="")
    assert books.json("import c.txt --format csv --dry-run")["new"] == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "a.csv: (the whole): got 'no subscriptions'; takes column names, then"),
        ("a.jsonl", b"", "a.jsonl: (the whole): got 'no subscriptions'; takes one JSON object per line"),
        ("a.csv", table(FLAT).splitlines()[0].encode(), "got 'no subscriptions'"),
        ("a.csv", "subscription_id,nam\xe9".encode("latin-1"), "a.csv: (the whole): got b'\\xe9'; takes UTF-8 text"),
        ("a.csv", b"\xff\xfea\x00", "takes UTF-8 text (byte 1 is not)"),
        ("a.csv", b"customer;offer", "a.csv:1: columns: got 'customer;offer'; takes column names separated by commas"),
        ("a.csv", b"customer,offer,customer", "a.csv:1: customer: got '2 columns'; takes each column once"),
        ("a.csv", b"customer,colour", "a.csv:1: colour: got 'colour'; takes a column of docs/moving-in.md"),
        ("a.csv", b"customer,offer", "a.csv:1: state: got nothing; takes a column; it is required"),
        ("a.csv", (table(FLAT) + "x,y\n").encode(), "a.csv:3: cells: got 2; takes 13, one per column"),
        ("a.csv", (table(FLAT) + '"x\n').encode(), "a.csv:3: (the whole): got nothing; takes CSV (unexpected end"),
        ("a.csv", table({**FLAT, "add_ons": "backup"}).encode(), "a.csv:2: add_ons: got 'backup'; takes ID=NUMBER"),
        ("a.csv", table({**FLAT, "add_ons": "backup=x"}).encode(), "a.csv:2: add_ons.backup: got 'x'; takes a whole"),
        ("a.csv", table({**FLAT, "holds": "fraud"}).encode(), "a.csv:2: holds: got 'fraud'; takes REASON@INSTANT"),
        ("a.csv", table({**FLAT, "holds": "x@y"}).encode(), "a.csv:2: holds[0].reason: got 'x'; takes one of"),
        ("a.csv", table({**FLAT, "quantity": "3.0"}).encode(), "a.csv:2: quantity: got '3.0'; takes a whole number"),
        ("a.csv", table({**FLAT, "unit_price": "1e3"}).encode(), "a.csv:2: unit_price: got '1e3'; takes digits"),
        ("a.csv", table({**FLAT, "auto_renew": "maybe"}).encode(), "a.csv:2: auto_renew: got 'maybe'; takes true or"),
        ("a.csv", table({**FLAT, "ordered_at": "31.01.2026"}).encode(), "a.csv:2: ordered_at: got '31.01.2026'; takes"),
        ("a.csv", table({**FLAT, "ordered_at": "2026-01-31T09:00:00"}).encode(), "takes an instant with its offset"),
        ("a.csv", table({**FLAT, "reference": "x" * 200_000}).encode(), "takes CSV (field larger than field limit"),
        ("a.jsonl", b'{"customer": 1', "a.jsonl:1: (the whole): got '{\"customer\": 1'; takes one JSON object ("),
        ("a.jsonl", b"\n[1]", "a.jsonl:2: (the whole): got '[1]'; takes one JSON object"),
        ("a.jsonl", b'{"a": 1, "a": 2}', "a.jsonl:1: a: got 'it 2 times'; takes each field once"),
        ("a.jsonl", b"[" * 100_000, "a.jsonl:1: (the whole): got "),
        ("a.jsonl", b'{"a": "' + b"x" * 10_000_000 + b'"}', "got 'a line of 10,000,009 characters'; takes at most"),
        ("a.jsonl", lines({**ROW, "unit_price": 9.0}).encode(), "a.jsonl:1: unit_price: got 9.0; takes digits"),
        ("a.jsonl", lines({**ROW, "quantity": True}).encode(), "a.jsonl:1: quantity: got True; takes a whole number"),
        ("a.jsonl", lines({**ROW, "colour": 1}).encode(), "a.jsonl:1: colour: got 1; takes no such field"),
        ("a.jsonl", lines({**ROW, "reference": "a\u202eb"}).encode(), "reference: got 'a\\u202eb'; takes printable"),
        ("a.jsonl", lines({**ROW, "customer": "nobody"}).encode(), "customer: got 'nobody'; takes the id of"),
        ("a.jsonl", lines({**ROW, "offer": "nothing"}).encode(), "offer: got 'nothing'; takes the id of an offer"),
        ("a.jsonl", lines({**ROW, "policy": "mine"}).encode(), "policy: got 'mine'; takes one of csp-2019"),
        ("a.jsonl", lines(ROW, ROW).encode(), "a.jsonl:2: subscription_id: got 's-1'; takes an id that no row before"),
        ("a.jsonl", lines(*({**SOLO, "subscription_id": f"s-{n}"} for n in (1, 2))).encode(),
         "a.jsonl:2: offer: got 'solo'; takes an offer that the customer does not have: it is sold once per customer"),
        ("a.txt", b"", "FILE: got 'a.txt'; takes a name that ends in .csv or .jsonl, or --format csv or jsonl"),
    ],
)  # fmt: skip
def test_each_malformed_file_is_named_by_line_and_field_and_nothing_is_imported(
    books: Ask, name: str, content: bytes, said: str
) -> None:
    Path(name).write_bytes(content)
    result = books.whole(f"import {name} --yes", code=2)
    assert said in result.stderr
    assert result.stdout == ""
    assert all(len(line) < 1000 and line.isprintable() for line in result.stderr.splitlines())
    assert books.said("export") == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": "0"}, "amount: got '0'; takes an amount of more than 0"),
        ({"amount": "1.001"}, "amount: got '1.001'; takes at most 2 decimals in USD"),
        ({"amount": 30.0}, "amount: got 30.0; takes digits in a string"),
        ({"amount": "-1"}, "amount: got '-1'; takes digits in a string"),
        ({"amount": None}, "amount: got nothing; takes"),
        ({"currency": "XXX"}, "currency: got 'XXX'; takes an ISO 4217 currency code"),
        ({"currency": 840}, "currency: got 840; takes"),
        ({"number": ""}, "number: got ''; takes"),
        ({"number": 17}, "number: got 17; takes"),
        ({"number": "a;b"}, "number: got 'a;b'; takes"),
        ({"number": "x" * 81}, "number: got 'xxx"),
        ({"number": "a\u202eb"}, "number: got 'a\\u202eb'; takes printable characters"),
        ({"issued_at": "yesterday"}, "issued_at: got 'yesterday'; takes an ISO 8601 instant"),
        (
            {"issued_at": "2026-02-01T00:00:00"},
            "issued_at: got '2026-02-01T00:00:00'; takes an instant with its offset",
        ),
        ({"issued_at": "2999-01-01T00:00:00Z"}, "issued_at: got 2999-01-01T00:00:00Z; takes an instant that has come"),
        (
            {"due_at": "2026-01-31T00:00:00Z"},
            "due_at: got 2026-01-31T00:00:00Z; takes an instant from issued_at (2026-02",
        ),
        ({"paid": "1.00"}, "paid: got '1.00'; takes no such field"),
    ],
)
def test_mov_6_each_malformed_open_invoice_is_named(books: Ask, changes: dict[str, Any], said: str) -> None:
    Path("a.jsonl").write_text(lines(ROW, {**ROW, "subscription_id": "s-2", "open_invoices": [{**OWED, **changes}]}))
    found = books.whole("import a.jsonl --yes", code=2).stderr
    assert found.startswith(f"a.jsonl:2: open_invoices[0].{said}"), found
    assert books.said("export") == ""


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        (
            "a.csv",
            table({**FLAT, "open_invoices": "17"}),
            "2: open_invoices: got '17'; takes NUMBER=AMOUNT CURRENCY issued",
        ),
        (
            "a.csv",
            table({**FLAT, "open_invoices": "17=1.00 USD due 2026-04-02T00:00:00Z"}),
            "2: open_invoices: got '17=1",
        ),
        ("a.csv", table({**FLAT, "unbilled_usage": "17"}), "2: unbilled_usage: got '17'; takes ID=UNITS@INSTANT"),
        (
            "a.csv",
            table({**FLAT, "unbilled_usage": "u=x@2026-03-05T00:00:00Z"}),
            "2: unbilled_usage[0].units: got 'x'; takes digits",
        ),
        (
            "a.csv",
            table({**FLAT, "unbilled_usage": "u=1@soon"}),
            "2: unbilled_usage[0].used_at: got 'soon'; takes an ISO",
        ),
        (
            "a.csv",
            table({**FLAT, "unbilled_usage": "/=1@2026-03-05T00:00:00Z"}),
            "2: unbilled_usage[0].usage_id: got '/'",
        ),
        (
            "a.csv",
            table({**FLAT, "unbilled_usage": "u=1@2026-03-05T00:00:00Z"}),
            "2: unbilled_usage: got '1 reports'; takes nothing for a licence offer (CXL-6)",
        ),
        ("a.jsonl", lines({**ROW, "unbilled_usage": [USED] * 201}), "1: unbilled_usage: got 201; takes at most 200"),
        (
            "a.jsonl",
            lines({**ROW, "unbilled_usage": [{**USED, "x": 1}]}),
            "1: unbilled_usage[0].x: got 1; takes no such",
        ),
        ("a.jsonl", lines({**ROW, "unbilled_usage": [{**USED, "units": 1.5}]}), "1: unbilled_usage[0].units: got 1.5"),
        ("a.jsonl", lines({**ROW, "open_invoices": {}}), "1: open_invoices: got {}; takes"),
        ("a.jsonl", lines({**ROW, "open_invoices": [OWED] * 51}), "1: open_invoices: got 51; takes at most 50 entries"),
        (
            "a.jsonl",
            lines({**ROW, "open_invoices": [OWED] * 2}),
            "1: open_invoices[1].number: got '2026/0815'; takes each",
        ),
        (
            "a.jsonl",
            lines(
                {**ROW, "open_invoices": [OWED]},
                {**ROW, "subscription_id": "s-2", "open_invoices": [{**OWED, "amount": "31.00"}]},
            ),
            "2: open_invoices[0].amount: got 31.00; takes 30.00, as in an earlier row: it is one invoice",
        ),
        (
            "a.jsonl",
            lines(
                *(
                    {
                        **ROW,
                        "subscription_id": f"s-{n}",
                        "open_invoices": [{**OWED, "number": f"{n}-{m}"} for m in range(50)],
                    }
                    for n in range(7)
                )
            ),
            "7: open_invoices: got 'invoice 350 of fabrikam'; takes at most 300 open invoices per customer",
        ),
    ],
)
def test_open_invoices_and_usage_that_cannot_be_are_named(books: Ask, name: str, rows: str, said: str) -> None:
    Path(name).write_text(rows)
    found = books.whole(f"import {name} --yes", code=2).stderr
    assert found.startswith(f"{name}:{said}"), found
    assert books.said("export") == ""


FAULTY = (
    {**ROW, "quantity": 0},
    {**ROW, "state": "lost", "unit_price": "x"},
    {**ROW, "subscription_id": "s-3", "offer": "none"},
)


def test_all_faults_of_all_rows_are_listed_in_the_order_of_the_file(books: Ask) -> None:
    """Those that the catalog shows, too: a file is not mended twice."""
    Path("a.jsonl").write_text(lines(*reversed(FAULTY), ROW))
    result = books.whole("import a.jsonl --yes", code=2)
    assert [line.split(":")[:3] for line in result.stderr.splitlines()[:-1]] == [
        ["a.jsonl", "1", " offer"],
        ["a.jsonl", "2", " state"],
        ["a.jsonl", "2", " unit_price"],
        ["a.jsonl", "3", " quantity"],
    ]
    assert result.stderr.splitlines()[-1] == "Nothing was imported."


def test_one_row_that_cannot_be_read_keeps_all_others_out(books: Ask) -> None:
    Path("a.jsonl").write_text(lines({**ROW, "subscription_id": "s-2", "quantity": 0}, ROW))
    for how in ("--yes", "--dry-run"):
        said = books.whole(f"import a.jsonl {how}", code=2).stderr.splitlines()
        assert (said[0].split(":")[:3], said[1:]) == (["a.jsonl", "1", " quantity"], ["Nothing was imported."])
    assert books.said("export") == ""


def test_without_books_the_faults_of_the_file_itself_are_listed(
    books: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", f"sqlite:///{tmp_path / 'none' / 'perennial.db'}")
    Path("a.jsonl").write_text(lines(*FAULTY))
    said = books.whole("import a.jsonl --yes", code=2).stderr
    assert [line.split(":")[1:3] for line in said.splitlines()[:-1]] == [
        ["1", " quantity"],
        ["2", " state"],
        ["2", " unit_price"],
    ]
    Path("a.jsonl").write_text(lines(ROW))
    assert "unit_price" not in books.whole("import a.jsonl --yes", code=1).stderr


def test_tri_4_a_second_trial_of_an_offer_is_refused_and_a_past_one_is_not(books: Ask) -> None:
    trial = {name: value for name, value in ROW.items() if name in {"customer", "unit_price", "quantity", "as_of"}}
    trial |= {
        "offer": "tried",
        "state": "trial",
        "ordered_at": "2026-03-01T00:00:00Z",
        "trial_end": "2026-03-31T00:00:00Z",
    }
    paid = {**ROW, "offer": "tried", "add_ons": {}, "trial_end": "2026-02-20T00:00:00Z"}
    Path("a.jsonl").write_text(lines({**TRIED, "subscription_id": "t-1"}, {**TRIED, "subscription_id": "t-2"}))
    said = books.whole("import a.jsonl --dry-run", code=2).stderr
    assert said.startswith(
        "a.jsonl:2: trial_end: got 2026-03-31T00:00:00Z; takes nothing: a customer gets one trial per"
    )
    Path("a.jsonl").write_text(lines({**TRIED, "subscription_id": "t-1"}, paid))
    assert books.json("import a.jsonl --dry-run")["new"] == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("export there.csv", "FILE: got 'there.csv'; takes a file that does not exist yet"),
        ("export a.txt", "FILE: got 'a.txt'; takes a name that ends in .csv or .jsonl"),
        ("export --json", "--json prints what was written, so it takes a FILE"),
        ("export --format xml", "--format: got 'xml'; takes one of csv, jsonl"),
        ("export --state lost", "--state: got 'lost'; takes one of"),
        ("import nowhere.csv", "nowhere.csv: (the whole): got nothing; takes a file that can be read"),
        ("import a.csv --by nobody --dry-run", "--by: got 'nobody'; takes one of admin_agent, global_admin"),
    ],
)
def test_what_was_typed_wrongly_is_named(books: Ask, line: str, said: str) -> None:
    Path("there.csv").write_text("mine")
    Path("a.csv").write_text(table(FLAT))
    assert said in books.whole(line, code=2).stderr
    assert Path("there.csv").read_text() == "mine"
