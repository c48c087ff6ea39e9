"""A customer's billing account on the command line: shown, paid, and under other terms (MON-6)."""

from typing import Any

import pytest

from tests.support.command_line import Ask, Billed, Starter

pytestmark = pytest.mark.live


def test_an_account_shows_what_is_unpaid_and_what_comes_next(billed: Billed) -> None:
    found = billed.ask.json(f"account show {billed.customer}")
    assert (found["customer"], found["credit"], found["attention"]) == (billed.customer, [], None)
    assert found["terms"] == {
        "policy": "csp-2019",
        "invoice_day": 1,
        "due_after_days": 60,
        "reminder_days": [1, 7, 14],
        "suspends_after_days": 30,
        "tolerance": "1.00",
        "holds": "unpaid",
        "sell_while_held": False,
    }
    (unpaid,) = found["unpaid"]
    assert (unpaid["invoice"], unpaid["state"], unpaid["owed"], unpaid["suspended"]) == (
        billed.invoice,
        "issued",
        "30.00",
        False,
    )
    assert [(one["at"], one["what"], one["rule"]) for one in found["timeline"]] == [
        ("2027-03-01T00:00:00Z", "close", "MON-5"),
        ("2027-04-02T00:00:00Z", "overdue", "MON-6"),
    ]
    lines = billed.ask.said(f"account show {billed.customer}").splitlines()
    assert lines[0] == f"Billing account of {billed.customer}"
    assert lines[1] == (
        "csp-2019: due after 60 days, reminders 1, 7, 14 days after the due date, "
        "suspension 30 days after the due date of what is unpaid, tolerance 1.00"
    )
    assert lines[4].split()[:2] == [billed.invoice, "issued"]


def test_a_payment_pays_the_oldest_first(ask: Ask, billed: Billed) -> None:
    """MON-6: what is left of it pays the next one, and then is credit."""
    ask.json(f"clock advance {billed.customer} --to 2027-03-05T00:00:00Z")
    _, second = (found["invoice"] for found in ask.json(f"invoice list --customer {billed.customer}"))
    answer = ask.json(f"account pay {billed.customer} 40 USD")
    assert answer["message"] == (f"USD 40.00 received. {billed.invoice} is paid. USD 20.00 is still owed on {second}.")
    assert [one["invoice"] for one in ask.json(f"account show {billed.customer}")["unpaid"]] == [second]
    said = ask.said(f"account pay {billed.customer} 27.25 USD")
    assert "credit     USD 7.25" in said
    text = ask.said(f"account show {billed.customer}")
    assert "\nNothing is unpaid.\nCredit for the next invoice: USD 7.25\n" in text


def test_a_payment_is_shown_before_it_is_sent(ask: Ask, billed: Billed) -> None:
    """The same document, and nothing is changed."""
    before = billed.everything()
    lines = (f"account pay {billed.customer} 40 USD", f"invoice pay {billed.invoice}")
    for line in (f"{line} --payment-id p-1" for line in lines):
        shown = ask.json(f"{line} --dry-run")
        assert ask.said(f"{line} --dry-run").startswith("would be done (MON-6")
        assert billed.everything() == before
    done = ask.json(f"{line}")
    its_instant = {"at": "", "effective_at": ""}
    assert {**done, **its_instant} == {**shown, **its_instant}
    again = ask.json(f"{line} --dry-run")
    assert (again["outcome"], again["rule"]) == ("unchanged", "MON-7")
    assert ask.json(f"account pay {billed.customer} 5 EUR --payment-id p-1 --dry-run", code=1)["outcome"] == "refused"
    too_early = ask.said(f"account pay {billed.customer} 5 USD --at 2020-01-01 --dry-run", code=1)
    assert "at: got 2020-01-01T00:00:00Z; it must not be before the last event" in too_early


def test_a_payment_sent_again_counts_once(ask: Ask, billed: Billed) -> None:
    """MON-7."""
    line = f"account pay {billed.customer} 10 USD --payment-id once"
    assert ask.json(line)["message"] == f"USD 10.00 received. USD 20.00 is still owed on {billed.invoice}."
    for again in (
        line,
        line.replace("10 USD", "10.00 USD"),
        f"invoice pay {billed.invoice} --amount 10 --payment-id once",
    ):
        answer = ask.json(again)
        assert (answer["outcome"], answer["rule"]) == ("unchanged", "MON-7")
        assert answer["message"] == "Payment once of USD 10.00 is already recorded."
        assert "received" not in ask.said(again)
    assert billed.owed == "20.00"
    refused = ask.said(line.replace("10 USD", "11 USD"), code=1)
    assert "Payment once of USD 11.00 is already recorded with USD 10.00; use a new payment_id" in refused
    assert ask.said(f"account pay {billed.customer} 11 USD --payment-id once", code=1).startswith("refused by MON-7")
    assert ask.said(f"invoice pay {billed.invoice} --amount 11 --payment-id once", code=1).startswith(
        "refused by MON-7"
    )
    assert billed.owed == "20.00"


def test_money_before_the_first_invoice_is_credit(ask: Ask, customer: str) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --id early-{customer} --test-clock 2027-01-15T09:00:00Z")
    assert ask.json(f"account pay {customer} 4 USD")["credit"] == {"amount": "4.00", "currency": "USD"}
    ask.json(f"clock advance {customer} --to 2027-02-01T00:00:00Z")
    (found,) = ask.json(f"invoice list --customer {customer}")
    assert (found["charges"], found["carried_in"], found["due"]) == ("10.00", "4.00", "6.00")


def test_not_waiting_is_answered_at_once(ask: Ask, billed: Billed) -> None:
    assert ask.json(f"account pay {billed.customer} 1 USD --no-wait")["outcome"] == "done"


def test_terms_are_changed(ask: Ask, billed: Billed) -> None:
    """MON-11: one by one, for what is closed from then on; what is unpaid keeps its dates."""
    answer = ask.json(f"account terms {billed.customer} --policy saas-fulfillment-v2 --no-suspension")
    assert answer["message"] == (
        "The terms are now saas-fulfillment-v2: due after 60 days, reminders 1, 7 days after the due date, "
        "no suspension for nonpayment, tolerance 1.00. Closed invoices keep their dates."
    )
    assert "no suspension for nonpayment" in ask.said(f"account show {billed.customer}")
    same = ask.json(f"account terms {billed.customer} --no-suspension")
    assert (same["outcome"], same["rule"]) == ("unchanged", "MON-7")
    ask.json(f"account terms {billed.customer} --tolerance 2.5 --holds all --sell-while-held")
    shown = ask.json(f"account show {billed.customer}")["terms"]
    assert (shown["tolerance"], shown["holds"], shown["sell_while_held"]) == ("2.5", "all", True)
    said = ask.said(f"account show {billed.customer}")
    assert "no suspension for nonpayment, tolerance 2.5, new purchases while suspended" in said
    days = "--invoice-day 15 --due-days 20 --reminder-days 0,5 --suspend-days 7"
    ask.json(f"account terms {billed.customer} --no-sell-while-held {days}")
    shown = ask.json(f"account show {billed.customer}")["terms"]
    assert (shown["invoice_day"], shown["due_after_days"]) == (15, 20)
    assert (shown["reminder_days"], shown["suspends_after_days"]) == ([0, 5], 7)
    answer = ask.json(f"account terms {billed.customer} --reminder-days none --suspend-days never")
    assert "due after 20 days, no reminders, no suspension for nonpayment" in answer["message"]
    ask.json(f"account terms {billed.customer} --invoice-day month_end --reminder-days 3 --suspension")
    assert "csp-2019" not in ask.said(f"account show {billed.customer}")
    ask.json(f"clock advance {billed.customer} --to 2027-04-20T00:00:00Z")
    shown = ask.json(f"invoice show {billed.invoice}")
    assert (shown["state"], shown["due_at"], shown["reminders"]) == ("overdue", "2027-04-02T00:00:00Z", 3)
    assert ask.json(f"show {billed.subscription}")["state"] == "suspended"


BAD: dict[str, tuple[int, str]] = {
    "pay {} 0 USD": (2, "amount: got 0; takes an amount of more than 0"),
    "pay {} 1000000000000000000 USD": (2, "takes at most 12 digits before the point"),
    "pay {} 5.001 USD": (2, "takes at most 2 decimals in USD"),
    "pay {} 0.5 JPY": (2, "takes at most 0 decimals in JPY"),
    "pay {} 1,5 USD": (2, "AMOUNT: got '1,5'; takes digits"),
    "pay {} 5 XYZ": (2, "currency: got 'XYZ'; takes an ISO 4217"),
    "pay {} 5 EUR": (1, "is invoiced in USD, the payment is in EUR."),
    "pay {} 5 USD --payment-id a'b": (2, "--payment-id: got"),
    "pay {} 5 USD --by intern": (1, "refused by ROL-1"),
    "pay {} 5 USD --by system": (1, "refused by ROL-4"),
    "pay {} 5": (2, "Missing argument 'CURRENCY'"),
    "terms {}": (2, "Nothing to change: give --policy, --due-days or another of the terms; --help lists them."),
    "terms {} --tolerance -1": (2, "--tolerance: got '-1'; takes digits"),
    "terms {} --tolerance 0.00001": (2, "tolerance: got 0.00001; takes at most 4 decimals: no currency has more"),
    "terms {} --holds some": (2, "--holds: got 'some'; takes one of unpaid, all"),
    "terms {} --invoice-day 31": (2, "invoice_day: got 31; takes a day of the month from 1 to 28, or month_end"),
    "terms {} --due-days x": (2, "--due-days: got 'x'; takes a whole number"),
    "terms {} --due-days 366": (2, "due_days: got 366; takes a whole number of days from 0 to 365"),
    "terms {} --reminder-days 7,1": (2, "reminder_days: got [7, 1]; takes up to 12 numbers of days from 0 to 365"),
    "terms {} --reminder-days 7;9": (2, "reminder_days: got ['7;9']; takes up to 12 numbers"),
    "terms {} --suspend-days later": (2, "suspend_days: got 'later'; takes a whole number of days"),
    "terms {} --suspension --suspend-days never": (2, "suspends: got True; takes no other answer than suspend_days"),
    "terms {} --policy lax": (2, "policy: got 'lax'; takes one of csp-2019"),
    "terms {} --suspension --by service": (1, "refused by ROL-4"),
    "terms {} --no-suspension --by intern": (1, "refused by ROL-1"),
}


def test_what_is_refused_changes_nothing(ask: Ask, billed: Billed) -> None:
    """One line, an exit code, and nothing half done."""
    before = billed.everything()
    for line, (code, words) in BAD.items():
        assert words in ask.said(f"account {line.format(billed.customer)}", code=code), line
    assert billed.everything() == before


@pytest.mark.parametrize("line", ["show {}", "pay {} 5 USD", "terms {} --no-suspension"])
def test_who_has_no_account(ask: Ask, customer: str, line: str) -> None:
    """A customer who has bought nothing, and one that nobody knows."""
    for unknown in (customer, "nobody"):
        words = ask.said(f"account {line.format(unknown)}", code=1)
        assert words == f"There is no billing account of {unknown} on this server: it has bought nothing yet.\n"


MISUSED = {
    "account show": "Missing argument 'CUSTOMER'",
    "account show a.b": "CUSTOMER: got 'a.b'; takes 1 to 64",
    "account pay fabrikam -- -5 USD": "AMOUNT: got '-5'; takes digits",
    "account pay fabrikam much USD": "AMOUNT: got 'much'; takes digits",
    "account terms fabrikam --suspends": "No such option: --suspends",
}


@pytest.mark.parametrize("line", MISUSED, ids=str)
def test_one_line(starter: Starter, line: str) -> None:
    result: Any = starter(*line.split())
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert MISUSED[line] in result.stderr


def test_an_account_that_is_open_is_left_as_it_is(ask: Ask, billed: Billed) -> None:
    before = ask.json(f"account show {billed.customer}")
    assert ask.json(f"account open {billed.customer}") == {"customer": billed.customer, "opened": False}
    assert "is open already" in ask.said(f"account open {billed.customer} --no-suspension")
    assert ask.json(f"account show {billed.customer}")["terms"] == before["terms"]


def test_nobody_has_no_account_to_open(ask: Ask) -> None:
    assert "There is no subscription of customer nobody" in ask.whole("account open nobody", code=1).stderr
