"""Invoices on the command line: listed, shown, paid and failed (MON-5, MON-6)."""

import csv
from html.parser import HTMLParser
from io import StringIO
from typing import Any

import pytest

from cli.printing.tables import print_csv
from tests.support.command_line import Ask, Billed, Starter

pytestmark = pytest.mark.live

LINE = "term-1/period-1/charge/contoso-crm"


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


class Page(HTMLParser):
    """A page's text, where its tags are closed in the order in which they were opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {name for name, _ in attrs} & {"src", "href", "onload"}, "nothing is loaded from elsewhere"
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1] != "style":
            self.text.append(data.strip())


# Listed


def test_an_invoice_is_listed(billed: Billed) -> None:
    (found,) = billed.ask.json(f"invoice list --customer {billed.customer}")
    assert (found["invoice"], found["customer"], found["state"]) == (billed.invoice, billed.customer, "issued")
    assert (found["period"]["end"], found["issued_at"]) == ("2027-02-01T00:00:00Z", "2027-02-01T00:00:00Z")
    assert found["due_at"] == "2027-04-02T00:00:00Z"
    amounts = ("charges", "credits", "total", "carried_in", "due", "carried_out", "paid", "owed")
    assert [found[name] for name in amounts] == [
        *("30.00", "0.00", "30.00", "0.00"),
        *("30.00", "0.00", "0.00", "30.00"),
    ]
    heading, line = billed.ask.said(f"invoice list --customer {billed.customer}").splitlines()
    assert heading.split() == ["INVOICE", "CUSTOMER", "STATE", "ISSUED", "DUE", "TO", "PAY", "OWED"]
    assert line.split()[2:] == ["issued", "2027-02-01", "2027-04-02", "USD", "30.00", "30.00"]


def test_the_list_as_a_table(billed: Billed) -> None:
    (found,) = table(billed.ask.said(f"invoice list --customer {billed.customer} --csv"))
    (document,) = billed.ask.json(f"invoice list --customer {billed.customer}")
    period = document.pop("period")
    flat = {"taken_over": "", **document, "period_start": period["start"], "period_end": period["end"]}
    assert found == {name: flat[name] for name in found}
    assert table(billed.ask.said(f"invoice list --customer {billed.customer} --state paid --csv")) == []


def test_the_list_by_state_and_page_by_page(ask: Ask, billed: Billed) -> None:
    ask.json(f"clock advance {billed.customer} --to 2027-04-05T00:00:00Z")
    of = f"invoice list --customer {billed.customer}"
    first, second, third = (found["invoice"] for found in ask.json(of))
    assert first == billed.invoice

    def listed(options: str) -> list[str]:
        return [found["invoice"] for found in ask.json(f"{of} {options}")]

    assert (listed("--state overdue"), listed("--state issued"), listed("--state carried")) == (
        [first],
        [second, third],
        [],
    )
    assert (listed("--limit 2"), listed(f"--limit 2 --after {second}")) == ([first, second], [third])
    assert listed(f"--after {third}") == []
    assert ask.said(f"{of} --limit 1").splitlines()[-1] == f"There may be more: --after {first}"
    numbers = [int(found["invoice"].rpartition("-")[2]) for found in ask.json("invoice list --limit 1000")]
    assert numbers == list(range(1, len(numbers) + 1)), "the series is the partner's, and has no gaps"


def test_no_invoice_yet(ask: Ask, customer: str) -> None:
    assert ask.json(f"invoice list --customer {customer}") == []
    assert ask.said(f"invoice list --customer {customer}").startswith("No invoices: the first one is written when")


# Shown


def test_an_invoice_is_shown_with_its_lines(billed: Billed) -> None:
    document = billed.ask.json(f"invoice show {billed.invoice}")
    (line,) = document.pop("lines")
    (listed,) = billed.ask.json(f"invoice list --customer {billed.customer}")
    assert document == listed
    assert (line["subscription"], line["key"], line["amount"]) == (billed.subscription, LINE, "30.00")
    text = billed.ask.said(f"invoice show {billed.invoice}")
    assert text.startswith(f"Invoice {billed.invoice}  issued  for {billed.customer}\n2027-01-15 → 2027-02-01, issued ")
    assert [line.split() for line in text.splitlines()[-3:]] == [
        ["total", "USD", "30.00"],
        ["to", "pay", "USD", "30.00"],
        ["No", "tax", "calculated."],
    ]
    (row,) = table(billed.ask.said(f"invoice show {billed.invoice} --csv"))
    assert (row["subscription"], row["amount"], row["currency"], row["key"]) == (
        billed.subscription,
        "30.00",
        "USD",
        LINE,
    )
    assert (row["start"], row["end"]) == (line["period"]["start"], line["period"]["end"])


def test_credit_is_shown_as_such(ask: Ask, customer: str) -> None:
    """MON-5, CXL-5: what was credited stands on the invoice; nothing is due, and there is nothing to pay."""
    ask.json(f"buy contoso-crm --customer {customer} --id back-{customer} --test-clock 2027-01-15T09:00:00Z")
    ask.json(f"cancel back-{customer} --reason customer_request --yes")
    ask.json(f"clock advance {customer} --to 2027-02-01T00:00:00Z")
    (found,) = ask.json(f"invoice list --customer {customer} --state carried")
    assert [found[name] for name in ("charges", "credits", "total", "due", "carried_out")] == [
        *("10.00", "10.00", "0.00", "0.00", "0.00")
    ]
    shown = ask.said(f"invoice show {found['invoice']}")
    assert "credit: contoso-crm" in shown
    assert "-10.00" in shown
    page = Page(ask.said(f"invoice show {found['invoice']} --html"))
    assert "Due" not in page.text
    assert any(text.startswith("Credit of 2027-01-") for text in page.text)
    words = ask.said(f"invoice pay {found['invoice']}", code=1)
    assert words == f"Nothing is owed on {found['invoice']}: it is carried.\n"
    assert "not an unpaid invoice" in ask.said(f"invoice pay {found['invoice']} --amount 1", code=1)


def test_a_page_is_well_formed_and_whole(ask: Ask, billed: Billed) -> None:
    ask.json(f"invoice pay {billed.invoice} --amount 12.5 --payment-id p-{billed.customer}")
    html = ask.said(f"invoice show {billed.invoice} --html")
    assert html.startswith("<!doctype html>\n")
    text = Page(html).text
    assert text[:4] == [f"Invoice {billed.invoice}", f"Invoice {billed.invoice}", "Northwind Traders", "issued"]
    for words in (
        billed.customer.replace("buyer-", "Buyer "),
        *(billed.subscription, "Contoso CRM", "2027-04-02", "2027-01-15 to 2027-02-14"),
        *("USD 30.00", "USD 12.50", "USD 17.50", f"Payment p-{billed.customer}"),
    ):
        assert words in text


def test_a_page_shows_names_and_runs_nothing(ask: Ask) -> None:
    """A name is text, whatever is in it."""
    ask.json("buy solo --customer jerrys --id solo-jerrys --test-clock 2027-01-15T09:00:00Z")
    ask.json("clock advance jerrys --to 2027-02-01T00:00:00Z")
    (found,) = ask.json("invoice list --customer jerrys")
    page = Page(ask.said(f"invoice show {found['invoice']} --html"))
    assert "script" not in page.tags
    assert """<script>Ben & "Jerry's"</script>""" in "".join(page.text)


def test_one_format_at_a_time(ask: Ask, billed: Billed) -> None:
    for formats, said in {
        "--json --csv": "--json and --csv",
        "--csv --html": "--csv and --html",
        "--json --csv --html": "--json and --csv and --html",
    }.items():
        words = ask.said(f"invoice show {billed.invoice} {formats}", code=2)
        assert words == f"{said} are output formats: choose one.\n"
    assert "are output formats" in ask.said("invoice list --json --csv", code=2)


def test_no_cell_is_a_formula(capsys: pytest.CaptureFixture[str]) -> None:
    cells = ("-1.50", "12", 3, None, "=1+1", "+a", "-a", "@x", "a=b", 'a"b,c')
    print_csv(("a", "b"), [cells])
    assert list(csv.reader(StringIO(capsys.readouterr().out))) == [
        ["a", "b"],
        ["-1.50", "12", "3", "", "'=1+1", "'+a", "'-a", "'@x", "a=b", 'a"b,c'],
    ]


@pytest.mark.parametrize("skipped", ["\t", "\r", "\n", " ", "\v", "\0", "\x1b", "\xa0", "\u200b", "\u3000", "\ufeff"])
@pytest.mark.parametrize("rest", ["=1+1", "-1.50", "-1", "", "a"])
def test_nor_is_one_behind_what_a_spreadsheet_skips(
    capsys: pytest.CaptureFixture[str], skipped: str, rest: str
) -> None:
    print_csv(("a", "b"), [(f"{skipped}{rest}", "x")])
    read = csv.reader(StringIO(capsys.readouterr().out, newline=""))
    assert list(read) == [["a", "b"], [f"'{skipped}{rest}", "x"]]


@pytest.mark.parametrize(
    "cell", ["\uff1d1+1", "\uff0ba", "\uff0da", "\uff20x", "-inf", "+1", "-1_0", "-1\n", "- 1", "--1"]
)
def test_nor_is_anything_like_one(capsys: pytest.CaptureFixture[str], cell: str) -> None:
    """In full width, or what is a number to Python alone."""
    print_csv(("a",), [(cell,)])
    assert list(csv.reader(StringIO(capsys.readouterr().out, newline=""))) == [["a"], [f"'{cell}"]]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_cell_never_begins_a_row(capsys: pytest.CaptureFixture[str], end: str) -> None:
    cell = f"a{end}=1+1"
    print_csv(("a", "b"), [(cell, "x"), ("y", "z")])
    written = capsys.readouterr().out
    assert list(csv.reader(StringIO(written, newline=""))) == [["a", "b"], [cell, "x"], ["y", "z"]]
    assert f'"{cell}"' in written


# Paid


def test_an_invoice_is_paid_in_parts(ask: Ask, billed: Billed) -> None:
    """MON-6."""
    part = ask.json(f"invoice pay {billed.invoice} --amount 12.5 --payment-id a-{billed.customer}")
    assert (part["outcome"], part["rule"]) == ("done", "MON-6")
    assert part["message"] == f"USD 12.50 received. USD 17.50 is still owed on {billed.invoice}."
    rest = ask.said(f"invoice pay {billed.invoice} --payment-id b-{billed.customer}")
    assert rest.startswith("done (MON-6, ")
    assert f"USD 17.50 received. {billed.invoice} is paid." in rest
    shown = ask.json(f"invoice show {billed.invoice}")
    assert (shown["state"], shown["paid"], shown["owed"]) == ("paid", "30.00", "0.00")
    assert [(p["payment_id"], p["amount"]) for p in shown["payments"]] == [
        (f"a-{billed.customer}", "12.50"),
        (f"b-{billed.customer}", "17.50"),
    ]


def test_what_is_too_much_is_credit_for_the_next(ask: Ask, billed: Billed) -> None:
    """MON-5, MON-6."""
    answer = ask.json(f"invoice pay {billed.invoice} --amount 35")
    assert answer["credit"] == {"amount": "5.00", "currency": "USD"}
    assert ask.json(f"account show {billed.customer}")["credit"] == [{"amount": "5.00", "currency": "USD"}]
    ask.json(f"clock advance {billed.customer} --to 2027-03-01T00:00:00Z")
    _, second = ask.json(f"invoice list --customer {billed.customer}")
    assert (second["carried_in"], second["due"], second["owed"]) == ("5.00", "25.00", "25.00")
    assert "credit from before    USD -5.00" in ask.said(f"invoice show {second['invoice']}")


def test_a_payment_sent_again_counts_once(ask: Ask, billed: Billed) -> None:
    """MON-7: also where its amount is not said, and nothing is owed any more."""
    for amount, before, after in (("--amount 10", "30.00", "20.00"), ("", "20.00", "0.00")):
        assert billed.owed == before
        line = f"invoice pay {billed.invoice} {amount} --payment-id p{len(amount)}-{billed.customer}"
        first = ask.json(line)
        again = ask.json(line)
        assert (first["outcome"], again["outcome"] in {"done", "unchanged"}) == ("done", True)
        assert billed.owed == after
    assert len(ask.json(f"invoice show {billed.invoice}")["payments"]) == 2
    words = ask.said(f"invoice pay {billed.invoice}", code=1)
    assert words == f"Nothing is owed on {billed.invoice}: it is paid.\n"


def test_a_payment_lifts_the_suspension_that_it_ends(ask: Ask, billed: Billed) -> None:
    """MON-6, SUS-9."""
    ask.json(f"clock advance {billed.customer} --to 2027-05-03T00:00:00Z")
    held = ask.json(f"show {billed.subscription}")
    assert held["state"] == "suspended"
    shown = ask.json(f"invoice show {billed.invoice}")
    assert (shown["state"], shown["reminders"], shown["suspended_at"]) == ("overdue", 3, "2027-05-02T00:00:00Z")
    text = ask.said(f"invoice show {billed.invoice}")
    assert text.splitlines()[-2:] == ["3 reminders", "2027-05-02 00:00:00  suspended for nonpayment"]
    assert 'class="state overdue"' in ask.said(f"invoice show {billed.invoice} --html")
    ask.json(f"invoice pay {billed.invoice} --amount 29.99")
    assert ask.json(f"show {billed.subscription}")["state"] == "suspended"
    ask.json(f"invoice pay {billed.invoice}")
    assert ask.json(f"show {billed.subscription}")["state"] == "active"


def test_a_failed_payment_is_noted(ask: Ask, billed: Billed) -> None:
    """MON-6: its dates stay as they are."""
    before = ask.json(f"account show {billed.customer}")
    answer = ask.json(f"invoice fail {billed.invoice} --payment-id f-{billed.customer} --reason declined")
    assert answer["message"] == f"Recorded. {billed.invoice} is still unpaid; USD 30.00 is owed."
    again = ask.json(f"invoice fail {billed.invoice} --payment-id f-{billed.customer}")
    assert (again["outcome"], again["rule"]) == ("unchanged", "MON-7")
    assert ask.json(f"account show {billed.customer}") == before
    shown = ask.json(f"invoice show {billed.invoice}")
    assert (shown["failed_payments"], shown["state"], shown["payments"]) == (1, "issued", [])
    assert ask.said(f"invoice show {billed.invoice}").splitlines()[-1] == "1 failed payment"
    ask.json(f"invoice pay {billed.invoice} --payment-id f-{billed.customer}")
    assert billed.owed == "0.00", "what failed may be tried again under its id"
    assert "cannot have failed" in ask.said(f"invoice fail {billed.invoice} --payment-id f-{billed.customer}", code=1)
    assert "Nothing is unpaid" in ask.said(f"invoice fail {billed.invoice}", code=1)


BAD: dict[str, tuple[int, str]] = {
    "--amount 0": (2, "amount: got 0; takes an amount of more than 0"),
    "--amount 0.00": (2, "takes an amount of more than 0"),
    "--amount -5": (2, "--amount: got '-5'; takes digits"),
    "--amount 1000000000000000000": (2, "takes at most 12 digits before the point"),
    "--amount 1e3": (2, "--amount: got '1e3'; takes digits"),
    "--amount 0.001": (2, "amount: got 0.001; takes at most 2 decimals in USD"),
    "--amount NaN": (2, "--amount: got 'NaN'; takes digits"),
    "--amount 5 --currency EUR": (1, "is in USD, the payment in EUR."),
    "--currency XYZ": (2, "currency: got 'XYZ'; takes an ISO 4217 currency code"),
    "--currency usd": (2, "currency: got 'usd'"),
    "--amount 5 --payment-id a/b": (2, "--payment-id: got 'a/b'"),
    "--amount 5 --payment-id paid-before": (
        1,
        "refused by MON-7 (no change): Payment paid-before of USD 5.00 is already recorded with USD 2.00;",
    ),
    "--amount 2 --currency EUR --payment-id paid-before": (
        1,
        "Payment paid-before of EUR 2.00 is already recorded with USD 2.00;",
    ),
    "--amount 5 --by intern": (1, "refused by ROL-1"),
    "--amount 5 --by publisher": (1, "refused by ROL-4"),
    "--amount 5 --at 2027-01-01T00:00:00Z": (1, "not be before the last event"),
    "--amount 5 --at 2030-01-01T00:00:00Z": (1, "not be after the next milestone"),
    "--amount 5 --at 2027-02-29": (2, "--at: got '2027-02-29'; takes"),
}


def test_what_is_no_payment_changes_nothing(ask: Ask, billed: Billed) -> None:
    """One line, an exit code, and nothing half done."""
    ask.json(f"invoice pay {billed.invoice} --amount 2 --payment-id paid-before")
    before = billed.everything()
    for options, (code, words) in BAD.items():
        assert words in ask.said(f"invoice pay {billed.invoice} {options}", code=code), options
    assert billed.everything() == before


def test_a_refusal_is_a_document_too(ask: Ask, billed: Billed) -> None:
    refused = ask.json(f"invoice pay {billed.invoice} --amount 5 --currency EUR", code=1)
    assert (refused["outcome"], refused["rule"]) == ("refused", "MON-6")


def test_a_paid_invoice_takes_no_payment(ask: Ask, billed: Billed) -> None:
    ask.json(f"invoice pay {billed.invoice}")
    before = billed.everything()
    words = ask.said(f"invoice pay {billed.invoice} --amount 5", code=1)
    assert f"{billed.invoice} is not an unpaid invoice of {billed.customer}. Nothing is unpaid." in words
    assert billed.everything() == before


@pytest.mark.parametrize("line", ["show {}", "pay {}", "pay {} --amount 5", "fail {}"])
def test_an_invoice_that_nobody_knows(ask: Ask, line: str) -> None:
    for unknown in ("nobody-000001", "resale-one-999999", "x" * 80):
        words = ask.said(f"invoice {line.format(unknown)}", code=1)
        assert words == f"There is no invoice {unknown}. List the invoices: python starter.py invoice list\n"


MISUSED = {
    "invoice show": "Missing argument 'INVOICE'",
    "invoice show a.b": "INVOICE: got 'a.b'; takes an invoice's number, such as contoso-000007",
    "invoice show " + 81 * "x": "; takes an invoice's number",
    "invoice pay ../x": "INVOICE: got '../x'; takes",
    "invoice fail a b": "Got unexpected extra argument",
    "invoice list --state asleep": "--state: got 'asleep'; takes one of",
    "invoice list --limit 0": "--limit: got '0'; takes 1 or more",
    "invoice list --after a'b": "--after: got",
    "invoice list --customer x'y": "--customer: got",
    "invoice lst": "No such command 'lst'",
}


@pytest.mark.parametrize("line", MISUSED, ids=str)
def test_one_line(starter: Starter, line: str) -> None:
    result: Any = starter(*line.split())
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert MISUSED[line] in result.stderr
