"""`clock advance`: a customer's account and subscriptions, moved through time together."""

import re

import pytest

from tests.support.command_line import Ask, Billed

pytestmark = pytest.mark.live

JANUARY = "--test-clock 2027-01-15T09:00:00Z"


def test_what_was_reached_is_said(ask: Ask, customer: str) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --id say-{customer} {JANUARY}")
    found = ask.json(f"clock advance {customer} --to 2027-02-10T00:00:00Z")
    assert found == {"customer": customer, "now": "2027-02-10T00:00:00Z", "subscriptions": [f"say-{customer}"]}
    further = ask.json(f"clock advance {customer} --days 3")
    assert further["now"].startswith("2027-02-13T00:00:")
    assert ask.said(f"clock advance {customer} --to 2027-02-20T00:00:00Z") == (
        f"{customer}: it is 2027-02-20 00:00:00 UTC for its account and 1 living subscription. "
        f"See: python starter.py account show {customer}\n"
    )


def test_an_invoice_closed_on_the_way_holds_what_was_charged_before_it(ask: Ask, customer: str) -> None:
    """MON-5, TIM-5: in one leap as in small steps."""
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id leap-{customer} {JANUARY}")
    ask.json(f"clock advance {customer} --to 2027-05-20T00:00:00Z")
    found = [ask.json(f"invoice show {one['invoice']}") for one in ask.json(f"invoice list --customer {customer}")]
    assert [one["period"]["end"][:10] for one in found] == ["2027-02-01", "2027-03-01", "2027-04-01", "2027-05-01"]
    for one in found:
        (line,) = one["lines"]
        assert one["period"]["start"] <= line["at"] < one["period"]["end"]
    # Suspended since 2027-05-02: the period that would have begun on the 15th is not charged (SUS-6).
    (suspended,) = [one["suspended_at"] for one in found if one["suspended_at"]]
    assert suspended == "2027-05-02T00:00:00Z"
    assert len(ask.json(f"ledger leap-{customer}")) == 4


def test_several_subscriptions_move_together(ask: Ask, customer: str) -> None:
    """Each month's invoice has the lines of both, also of one that was bought when its month was closed already."""
    ask.json(f"buy contoso-crm --customer {customer} --id one-{customer} {JANUARY}")
    ask.json(f"buy solo --customer {customer} --id two-{customer} --test-clock 2027-01-20T09:00:00Z")
    moved = ask.json(f"clock advance {customer} --to 2027-02-25T00:00:00Z")
    assert moved["subscriptions"] == [f"one-{customer}", f"two-{customer}"]
    for subscription in moved["subscriptions"]:
        assert ask.json(f"auto-renew {subscription} off")["effective_at"].startswith("2027-02-25T00:00:")
    ask.json(f"buy office-suite --customer {customer} --id late-{customer} --test-clock 2027-01-25T09:00:00Z")
    ask.json(f"clock advance {customer} --to 2027-03-01T00:00:00Z")
    found = [ask.json(f"invoice show {one['invoice']}") for one in ask.json(f"invoice list --customer {customer}")]
    assert [[(line["subscription"].partition("-")[0], line["at"][:10]) for line in one["lines"]] for one in found] == [
        [("one", "2027-01-15"), ("two", "2027-01-20")],
        [("late", "2027-01-25"), ("one", "2027-02-15"), ("two", "2027-02-20"), ("late", "2027-02-25")],
    ]
    assert not [violation for violation in ask.json("check")["violations"] if violation.get("customer_id") == customer]


def test_what_has_ended_is_left_where_it_ended(ask: Ask, customer: str) -> None:
    """The account goes on: what was charged is invoiced and chased."""
    ask.json(f"buy contoso-crm --customer {customer} --id off-{customer} {JANUARY}")
    ask.json(f"auto-renew off-{customer} off")
    assert ask.json(f"clock advance {customer} --to 2027-02-20T00:00:00Z")["subscriptions"] == [f"off-{customer}"]
    assert ask.json(f"show off-{customer}")["state"] == "expired"
    moved = ask.json(f"clock advance {customer} --to 2027-04-05T00:00:00Z")
    assert moved["subscriptions"] == []
    (found,) = ask.json(f"invoice list --customer {customer}")
    assert (found["state"], found["reminders"]) == ("overdue", 1)


def test_by_calendar_months_and_years(ask: Ask, customer: str) -> None:
    """Any number of intervals in one go, each counted from where the clocks are."""
    ask.json(f"buy contoso-crm --customer {customer} --id far-{customer} {JANUARY}")
    ask.json(f"account terms {customer} --no-suspension")
    ask.json(f"clock advance {customer} --to 2027-01-31T00:00:00Z")
    assert ask.json(f"clock advance {customer} --months 1")["now"].startswith("2027-02-28T00:00:")
    assert ask.json(f"clock advance {customer} --months 14")["now"].startswith("2028-04-28T00:00:")
    assert len(ask.json(f"ledger far-{customer}")) == 16
    assert len(ask.json(f"invoice list --customer {customer}")) == 15


def test_one_subscription_alone(ask: Ask, customer: str) -> None:
    """Its account and the customer's others stay; when the customer follows, the invoices are those of any order."""
    for name in ("one", "two"):
        ask.json(f"buy contoso-crm --customer {customer} --id {name}-{customer} {JANUARY}")
    one = f"one-{customer}"
    moved = ask.json(f"clock advance --subscription {one} --to 2027-04-20T00:00:00Z")
    assert moved == {"subscription": one, "now": "2027-04-20T00:00:00Z", "subscriptions": [one]}
    assert [len(ask.json(f"ledger {name}-{customer}")) for name in ("one", "two")] == [4, 1]
    assert ask.json(f"invoice list --customer {customer}") == []
    assert ask.json(f"quantity {one} 5 --yes")["effective_at"].startswith("2027-04-20T00:00:")
    said = ask.said(f"clock advance --subscription {one} --days 1")
    assert said.startswith(f"{one}: it is 2027-04-21 00:00:")
    assert said.endswith(f" UTC. See: python starter.py events {one}\n")
    ask.json(f"clock advance {customer} --to 2027-04-25T00:00:00Z")
    found = [ask.json(f"invoice show {one['invoice']}") for one in ask.json(f"invoice list --customer {customer}")]
    assert [[line["at"][:10] for line in each["lines"]] for each in found] == [
        ["2027-01-15", "2027-01-15"],
        ["2027-02-15", "2027-02-15"],
        ["2027-03-15", "2027-03-15"],
    ]
    assert not [violation for violation in ask.json("check")["violations"] if customer in str(violation)]


def test_one_subscription_to_its_end(ask: Ask, customer: str) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --id off-{customer} {JANUARY}")
    ask.json(f"auto-renew off-{customer} off")
    said = ask.said(f"clock advance --subscription off-{customer} --to 2027-04-20T00:00:00Z")
    assert said.startswith(f"off-{customer}: it is 2027-04-20 00:00:00 UTC, and it has ended.")
    assert ask.json(f"show off-{customer}")["state"] == "expired"


def test_one_that_runs_on_real_time_or_does_not_exist(ask: Ask, customer: str) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --id real-{customer}")
    assert "runs on real time" in ask.said(f"clock advance --subscription real-{customer} --days 30", code=1)
    assert "There is no subscription nobody-1" in ask.said("clock advance --subscription nobody-1 --days 1", code=1)


def test_a_preview_knows_the_new_time(ask: Ask, customer: str) -> None:
    """Also where nothing has happened on the way: what was shown is what is done."""
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id shown-{customer} {JANUARY}")
    ask.json(f"clock advance {customer} --to 2027-02-10T00:00:00Z")
    shown = ask.json(f"quantity shown-{customer} 5 --dry-run")
    assert shown["effective_at"].startswith("2027-02-10T00:00:")
    done = ask.json(f"quantity shown-{customer} 5 --yes")
    assert (done["charge"], done["credit"]) == (shown["charge"], shown["credit"])


def test_time_never_goes_back(ask: Ask, billed: Billed) -> None:
    before = billed.everything()
    words = ask.said(f"clock advance {billed.customer} --to 2027-02-09T00:00:00Z", code=2)
    assert re.fullmatch(
        r"--to: got 2027-02-09T00:00:00Z; takes an instant after 2027-02-10T00:00:\S+Z: time never goes back\n", words
    )
    assert billed.everything() == before


def test_time_has_an_end(ask: Ask, billed: Billed) -> None:
    before = billed.everything()
    for option in ("--days 99999999", "--days 999999999999999999", "--to 9999-01-01T00:00:00Z"):
        words = ask.said(f"clock advance {billed.customer} {option}", code=2)
        assert "takes an instant until the year 9900" in words
    assert billed.everything() == before


def test_a_customer_without_test_clocks_is_left_alone(ask: Ask, customer: str) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --id real-{customer}")
    words = ask.said(f"clock advance {customer} --days 30", code=1)
    assert words == (
        f"Subscription real-{customer} runs on real time: it was not bought with a test clock. No clock was advanced.\n"
    )
    assert len(ask.json(f"events real-{customer}")) == 1


def test_one_without_a_test_clock_keeps_all_where_they_are(ask: Ask, billed: Billed) -> None:
    ask.json(f"buy solo --customer {billed.customer} --id real-{billed.customer}")
    before = billed.everything()
    words = ask.said(f"clock advance {billed.customer} --days 30", code=1)
    assert words.startswith(f"Subscription real-{billed.customer} runs on real time")
    assert billed.everything() == before


def test_an_account_without_a_test_clock(ask: Ask, customer: str) -> None:
    """It was opened by the first purchase; what is bought later with a test clock does not give it one."""
    ask.json(f"buy solo --customer {customer} --id real-{customer}")
    ask.json(f"cancel real-{customer} --reason customer_request --yes")
    ask.json(f"buy contoso-crm --customer {customer} --id test-{customer} {JANUARY}")
    words = ask.said(f"clock advance {customer} --days 30", code=1)
    assert words == f"{customer}'s account runs on real time: it was not opened with a test clock.\n"
    assert len(ask.json(f"events test-{customer}")) == 1


def test_who_has_bought_nothing(ask: Ask, customer: str) -> None:
    for unknown in (customer, "nobody"):
        words = ask.said(f"clock advance {unknown} --days 1", code=1)
        assert words == (
            f"There is no subscription of customer {unknown}. List the customers: python starter.py customer list\n"
        )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "Give one of --to, --days and --months: how far to advance the clocks."),
        ("--days 1 --to 2027-03-01T00:00:00Z", "Give one of --to, --days and --months"),
        ("--days 1 --months 1", "Give one of --to, --days and --months"),
        ("--days 1 --all", "Give one of CUSTOMER, --subscription and --all: whose clocks to advance."),
        ("--days 1 --subscription x-1", "Give one of CUSTOMER, --subscription and --all"),
        ("--months 0", "--months: got '0'; takes 1 or more"),
        ("--days 0", "--days: got '0'; takes 1 or more"),
        ("--days -1", "--days: got '-1'; takes a whole number"),
        ("--days 1.5", "--days: got '1.5'; takes a whole number"),
        ("--to tomorrow", "--to: got 'tomorrow'; takes an ISO 8601 instant"),
        ("--to 2027-02-29", "--to: got '2027-02-29'; takes an ISO 8601 instant"),
        ("--to 2027-03-01T00:00:00", "takes an instant with its offset"),
    ],
)
def test_one_line(ask: Ask, options: str, words: str) -> None:
    assert words in ask.said(f"clock advance fabrikam {options}", code=2)
