"""Corrections of money on the command line (MON-10)."""

import csv
import io
import shutil
from pathlib import Path

import pytest

from hosting.files.pdf import BROWSERS
from tests.support.command_line import Ask, Billed

pytestmark = pytest.mark.live


def test_a_note_is_shown_before_it_is_issued_and_then_shown_on_its_invoice(ask: Ask, billed: Billed) -> None:
    before = billed.everything()
    line = f"invoice credit {billed.invoice} 12.50 USD --reason mispriced --credit-id c-1"
    shown = ask.json(f"{line} --dry-run")
    assert (shown["outcome"], shown["rule"]) == ("done", "MON-10")
    assert billed.everything() == before
    answer = ask.json(line)
    assert answer["message"] == f"USD 12.50 credited. USD 17.50 is still owed on {billed.invoice}."
    assert ask.json(line)["outcome"] == "unchanged"
    (noted,) = ask.json(f"invoice show {billed.invoice}")["credit_notes"]
    assert (noted["credit_id"], noted["amount"]) == ("c-1", "12.50")
    said = ask.said(f"invoice show {billed.invoice}")
    assert "credit notes" in said
    assert "credit note northwind-C0000" in said


def test_a_note_is_a_document_with_a_number_of_its_own(ask: Ask, billed: Billed, tmp_path: Path) -> None:
    customer = billed.customer
    assert ask.said(f"invoice notes {customer}") == f"{customer} has no credit notes.\n"
    ask.json(f"invoice credit {billed.invoice} 35 USD --reason mispriced --credit-id c-1", code=1)
    ask.json(f"invoice credit {billed.invoice} 12.50 USD --reason mispriced --credit-id c-1")
    ask.json(f"account credit {customer} 20 USD --reason goodwill --credit-id c-2")
    first, second = ask.json(f"invoice notes {customer}")
    numbers = [int(each["credit_note"].removeprefix("northwind-C")) for each in (first, second)]
    assert numbers[1] == numbers[0] + 1
    assert (first["credit_id"], first["invoice"]) == ("c-1", billed.invoice)
    assert (first["amount"], first["tax"]) == ("12.50", "0.00")
    assert (second["invoice"], second["credited"]) == (None, "2.50")
    assert second["settles"] == [{"invoice": billed.invoice, "amount": "17.50"}]
    assert ask.json(f"invoice note {second['credit_note']}") == second
    said = ask.said(f"invoice note {first['credit_note']}")
    assert said.startswith(f"Credit note {first['credit_note']}  for {customer}\n")
    for words in (f"corrects        invoice {billed.invoice} of 2027-02-01", "reason          mispriced", "USD 12.50"):
        assert words in said
    html = ask.said(f"invoice note {first['credit_note']} --html")
    for words in ("<h1>Credit note northwind-C", "Northwind", billed.invoice, "mispriced", "No tax calculated."):
        assert words in html
    listed = csv.DictReader(io.StringIO(ask.said(f"invoice notes {customer} --csv")))
    assert [line["credit_id"] for line in listed] == ["c-1", "c-2"]


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no Chromium or Chrome is installed here")
def test_a_document_is_written_as_a_pdf(ask: Ask, billed: Billed, tmp_path: Path) -> None:
    file = tmp_path / "invoice.pdf"
    assert ask.said(f"invoice show {billed.invoice} --pdf {file}") == f"Written to {file}.\n"
    assert file.read_bytes().startswith(b"%PDF-")
    again = ask.whole(f"invoice show {billed.invoice} --pdf {file}", code=2)
    assert "takes a file that does not exist yet, in a directory that does" in again.stderr
    assert "choose one" in ask.whole(f"invoice show {billed.invoice} --pdf {tmp_path / 'x.pdf'} --html", code=2).stderr


def test_without_a_browser_a_pdf_is_refused_in_one_line(
    ask: Ask, billed: Billed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = ask.whole(f"invoice show {billed.invoice} --pdf {tmp_path / 'x.pdf'}", code=1)
    assert "No browser that prints was found here" in refused.stderr
    assert "print the page of --html in your own" in refused.stderr


def test_credit_is_paid_out_and_a_payment_is_taken_back(ask: Ask, billed: Billed) -> None:
    customer = billed.customer
    ask.json(f"account pay {customer} 30 USD --payment-id bank-1")
    assert ask.json(f"account credit {customer} 20 USD --reason goodwill")["credit"]["amount"] == "20.00"
    assert ask.json(f"account refund {customer} 15 USD --reason asked --refund-id r-1")["outcome"] == "done"
    (waiting,) = ask.json(f"account show {customer}")["refunds"]
    assert (waiting["refund_id"], waiting["amount"], waiting["reason"]) == ("r-1", "15.00", "asked")
    assert "To be paid out: USD 15.00, refund r-1, reserved 2027-0" in ask.said(f"account show {customer}")
    assert ask.json(f"account refund-paid {customer} r-1")["message"] == "Refund r-1 of USD 15.00 is paid."
    assert ask.json(f"account show {customer}")["refunds"] == []
    answer = ask.json(f"account reverse {customer} bank-1 --reason charge-back")
    assert f"{billed.invoice} is owed again. USD 5.00 of the credit settles {billed.invoice}." in answer["message"]
    said = ask.said(f"invoice show {billed.invoice}")
    assert "payment bank-1 taken back: -30.00" in said
    assert ask.json(f"invoice write-off {billed.invoice} --reason insolvent")["outcome"] == "done"
    found = ask.json(f"invoice show {billed.invoice}")
    assert (found["state"], found["written_off"], found["settled"], found["owed"]) == ("paid", "25.00", "5.00", "0.00")
    (balance,) = ask.json(f"balance {customer}")
    assert (balance["payments"], balance["owed"], balance["credit"]) == ("-15.00", "0.00", "0.00")
    kinds = [entry["kind"] for entry in ask.json(f"statement {customer}")]
    assert kinds[-5:] == ["refund", "refund_paid", "reversal", "credit_settled", "write_off"]
    assert "write off" in ask.said(f"statement {customer}")


BAD: dict[str, tuple[int, str]] = {
    "invoice credit {} 30.01 USD --reason x": (1, "takes at most USD 30.00, what is left of its total"),
    "invoice credit {} 1 EUR --reason x": (1, "is in USD, the credit note in EUR"),
    "invoice credit {} 1.001 USD --reason x": (2, "takes at most 2 decimals in USD"),
    "invoice credit {} 0 USD --reason x": (2, "amount: got 0; takes an amount of more than 0"),
    "invoice credit {} 1 USD": (2, "Missing option '--reason'"),
    "invoice credit nobody-000001 1 USD --reason x": (1, "nobody-000001"),
    "invoice note northwind-C999999": (1, "There is no credit note northwind-C999999."),
    "invoice note northwind-000001": (2, "takes a credit note's number, such as contoso-C000003"),
    "invoice notes nobody": (1, "There is no subscription of customer nobody."),
    "invoice write-off {} --reason x --by service": (1, "refused by ROL-4"),
    "account refund CUSTOMER 1 USD --reason x": (1, "has a credit of USD 0.00: a refund takes no more"),
    "account refund-paid CUSTOMER r-9": (1, "No refund r-9 is reserved"),
    "account reverse CUSTOMER p-9 --reason x": (1, "has no payment p-9"),
    "account credit CUSTOMER 1 EUR --reason x": (1, "is invoiced in USD, the credit note is in EUR"),
}


def test_what_is_refused_changes_nothing(ask: Ask, billed: Billed) -> None:
    before = billed.everything()
    for line, (code, words) in BAD.items():
        typed = line.format(billed.invoice).replace("CUSTOMER", billed.customer)
        assert words in ask.said(typed, code=code), line
    assert billed.everything() == before
