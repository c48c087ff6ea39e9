"""`forecast`: what many subscriptions come to month by month, and that it is what then happens."""

import csv
import io
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cli.printing.screen import amount
from cli.subscription.forecast_chart import GRIDS, apart_of
from tests.support.command_line import Ask, Starter
from tests.support.shop.offers import listed_fields

pytestmark = pytest.mark.live

START = "2027-02-10T00:00:00Z"
UNTIL = "2028-02-01T00:00:00Z"
CLOCK = "--test-clock 2027-01-31T09:00:00Z"


def portfolio(ask: Ask, customer: str, tmp_path: Path) -> list[str]:
    """Monthly and yearly, in trial, suspended, to be cancelled, by usage, not set up, and soon dearer."""
    coming = listed_fields(
        id=f"dearer-{customer}",
        name=f"For {customer}",
        unit_price="3.00",
        prices=[{"at": "2027-06-15T00:00:00Z", "unit_price": "4.00125"}],
        add_ons=[],
    )
    file = tmp_path / "coming.yaml"
    file.write_text(json.dumps({"offers": [coming]}))
    ask.json(f"catalog import {file}")
    kinds = {
        "monthly": "contoso-crm --quantity 3 --add-on backup=2",
        "yearly": "office-suite --quantity 2",
        "trial": "fabrikam-mail --quantity 4",
        "waiting": "wingtip-crm",
        "used": "compute",
        "suspended": "solo",
        "leaving": "few --quantity 5",
        "dearer": f"dearer-{customer} --quantity 7",
    }
    ids = {kind: f"{kind}-{customer}" for kind in kinds}
    for kind, line in kinds.items():
        ask.json(f"buy {line} --customer {customer} --id {ids[kind]} {CLOCK}")
    ask.json(f"account terms {customer} --no-suspension")
    ask.json(f"clock advance {customer} --to {START}")
    ask.json(f"suspend {ids['suspended']} --reason customer_request --yes")
    ask.json(f"cancel {ids['leaving']} --reason customer_request --yes")
    ask.json(f"usage report {ids['used']} 10 --usage-id u-1")
    return list(ids.values())


def booked(ask: Ask, subscriptions: list[str], start: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Charges, credits and counted events from the instant on, by month and currency."""
    counted = {"renewed": "renewals", "converted": "conversions", "expired": "expiries", "deleted": "deletions"}
    counted["cancelled"] = "cancellations"
    found: dict[tuple[str, str], dict[str, Any]] = defaultdict(lambda: defaultdict(Decimal))
    for subscription in subscriptions:
        ledger = ask.json(f"ledger {subscription}")
        currency = {"trial": "EUR", "waiting": "JPY"}.get(subscription.partition("-")[0], "USD")
        for row in ledger:
            if row["at"] >= start:
                found[row["at"][:7], currency][f"{row['kind']}"] += Decimal(row["amount"])
        for event in ask.json(f"events {subscription}"):
            if event["at"] >= start and event["event"] in counted:
                found[event["at"][:7], currency][counted[event["event"]]] += 1
    return found


def test_what_was_forecast_is_what_happened(ask: Ask, customer: str, tmp_path: Path) -> None:
    """A portfolio moved through a year on a real server, without a command: equal to the cent."""
    subscriptions = portfolio(ask, customer, tmp_path)
    start = "2027-02-10T00:01:00Z"
    shown = ask.json(f"forecast --customer {customer} --from {start}")
    assert (shown["subscriptions"], shown["left_out"], shown["to"]) == (8, 0, UNTIL)
    ask.json(f"clock advance {customer} --to {UNTIL}")
    came = booked(ask, subscriptions, start)
    for each in shown["currencies"]:
        for month in each["months"]:
            of_month = came.pop((month["month"], each["currency"]), {})
            names = ("renewals", "conversions", "expiries", "deletions", "cancellations")
            assert {name: month[name] for name in names} == {name: of_month.get(name, 0) for name in names}
            assert Decimal(month["charged"]) == of_month.get("charge", 0)
            assert Decimal(month["credited"]) == of_month.get("credit", 0)
    # What is dated at the end's own instant is of the next month.
    assert not came
    last = {each["currency"]: each["months"][-1] for each in shown["currencies"]}
    assert {currency: (month["active"], month["mrr"]) for currency, month in last.items()} == {
        "EUR": (1, "29.40"),
        "JPY": (0, "0"),
        # 3 x 10.00 + 2 x 2.50; 2 x 12.50 a month; usage does not recur; 7 x 4.00125.
        "USD": (4, "88.01"),
    }


def test_table_csv_json_and_chart_say_the_same(ask: Ask, customer: str, tmp_path: Path) -> None:
    portfolio(ask, customer, tmp_path)
    line = f"forecast --customer {customer} --from {START} --months 3"
    document = ask.json(line)
    months = [month for each in document["currencies"] for month in each["months"]]
    assert [month["month"] for month in months] == ["2027-02", "2027-03", "2027-04"] * 3
    table = list(csv.DictReader(io.StringIO(ask.said(f"{line} --csv"))))
    assert table == [{name: str(value) for name, value in month.items()} for month in months]
    said = ask.said(line)
    assert said.startswith("8 subscriptions, from 2027-02-10 00:00:00 to 2027-05-01 00:00:00 UTC\n")
    rows = [row.split() for row in said.splitlines()]
    dollars = [month for month in months if month["currency"] == "USD"]
    for month in dollars:
        assert [month["month"], month["charged"]] in [row[:2] for row in rows]
    total = sum(Decimal(month["charged"]) for month in dollars)
    assert f"{total}" in next(row for row in rows if row[:1] == ["total"] and row[1] == f"{total}")
    image = ElementTree.fromstring(ask.said(f"{line} --svg"))
    assert_lines(image, max(Decimal(month[what]) for month in dollars for what in ("charged", "mrr")))
    titles = [title.text for title in image.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == [
        f"{m['month']}: charged {m['currency']} {Decimal(m['charged']):,f}, MRR {Decimal(m['mrr']):,f}" for m in months
    ]


def assert_lines(image: ElementTree.Element, most: Decimal) -> None:
    """One panel's lines are as far apart as they should be for its most."""
    apart = apart_of(most)
    named = [text.text for text in image.iter("{http://www.w3.org/2000/svg}text") if text.get("text-anchor") == "end"]
    wanted = [amount(apart * line) for line in range(GRIDS + 1)]
    assert any(named[at : at + GRIDS + 1] == wanted for at in range(0, len(named), GRIDS + 1)), named


def test_whose_subscriptions(ask: Ask, customer: str) -> None:
    """A customer's, to a publisher's offers, those that a partner sold, or all."""
    ask.json(f"buy told-of --customer {customer} --id of-{customer}")
    mine = ask.json(f"forecast --customer {customer} --months 2")
    (dollars,) = mine["currencies"]
    assert (mine["subscriptions"], dollars["currency"], dollars["months"][0]["mrr"]) == (1, "USD", "1.00")
    everything = ask.json("forecast --months 1")["subscriptions"]
    told, sold = (
        ask.json(f"forecast {whose} --months 1")["subscriptions"]
        for whose in ("--publisher told", "--partner northwind")
    )
    assert 1 <= told <= sold <= everything


BAD = {
    "--months 0": "--months: got '0'; takes 1 or more",
    "--months 601": "--months: got 601; takes 1 to 600",
    "--months x": "--months: got 'x'; takes a whole number",
    "--from soon": "--from: got 'soon'; takes an ISO 8601 instant",
    "--customer a --partner b": "--customer and --partner: give one of them, or none for all subscriptions.",
    "--customer ../x": "--customer: got '../x'; takes 1 to 64 letters",
    "--json --csv": "--json and --csv are output formats: choose one.",
    "--csv --svg": "--csv and --svg are output formats: choose one.",
}


@pytest.mark.parametrize("options", BAD)
def test_bad_input_is_one_line(starter: Starter, options: str) -> None:
    result = starter("forecast", *options.split())
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert BAD[options] in result.stderr


def test_an_unknown_customer_publisher_or_partner(ask: Ask) -> None:
    for kind in ("customer", "publisher", "partner"):
        assert f"There is no {kind} nobody." in ask.said(f"forecast --{kind} nobody", code=1)


def test_nothing_is_to_come(ask: Ask, customer: str) -> None:
    assert ask.json(f"forecast --customer {customer}")["currencies"] == []
    assert ask.said(f"forecast --customer {customer}").startswith("0 subscriptions, from ")
    assert "Nothing is to come." in ask.said(f"forecast --customer {customer} --svg")


@pytest.mark.parametrize(
    ("most", "lines"),
    [
        ("70", "0, 20, 40, 60, 80"),
        ("80", "0, 20, 40, 60, 80"),
        ("80.01", "0, 25, 50, 75, 100"),
        ("1", "0.00, 0.25, 0.50, 0.75, 1.00"),
        ("0.07", "0.00, 0.02, 0.04, 0.06, 0.08"),
        ("9", "0.0, 2.5, 5.0, 7.5, 10.0"),
        ("1234567.89", "0, 500,000, 1,000,000, 1,500,000, 2,000,000"),
    ],
)
def test_the_lines_of_a_chart_have_amounts_that_are_easy_to_read(most: str, lines: str) -> None:
    apart = apart_of(Decimal(most))
    assert ", ".join(amount(apart * line) for line in range(GRIDS + 1)) == lines
