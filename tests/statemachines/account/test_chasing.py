"""Dunning follows what is really owed: what credit covers, or is tolerated, is not chased (MON-8)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.account.account import Account, Receivable, Seen
from domain.account.invoice import InvoiceState
from domain.account.terms import terms_of
from domain.values import format_instant
from statemachines.account.chasing import chased, counted_credit, uncovered, why_not_chased
from statemachines.account.life import AccountSteps
from statemachines.account.timeline import AccountWhat, account_timeline
from tests.support.instants import TICK, instant
from tests.support.simulated.customer import ACustomer, numbered
from tests.support.simulated.life import ORDERED, Facts

YEAR: Facts = {"term": "P1Y", "billing_plan": "annual", "unit_price": "120.00"}
HELD = "2026-05-02T00:00:00Z"
DUE = "2026-04-02T00:00:00Z"


def an_invoice(number: int, owed: str, currency: str = "USD", state: InvoiceState = InvoiceState.OVERDUE) -> Receivable:
    """One that fell due the sooner, the lower its number."""
    due = Decimal(owed)
    due_at = instant(DUE) + timedelta(days=number)
    return Receivable(
        invoice=numbered(number),
        currency=currency,
        due=due,
        paid=Decimal(0),
        due_at=due_at,
        terms=terms_of("csp-2019").dunning,
        state=state,
    )


def owing(*invoices: Receivable, credit: str = "0", seen: str = "0", tolerance: str = "1.00") -> Account:
    """An account with that credit in USD: carried, and as uninvoiced rows."""
    terms = terms_of("csp-2019").model_copy(update={"tolerance": Decimal(tolerance)})
    account = AccountSteps.begin("fabrikam", terms, instant(ORDERED)).account
    looked = Seen(at=instant(DUE), credit={"USD": Decimal(seen)})
    return account.model_copy(update={"receivables": invoices, "credit": {"USD": Decimal(credit)}, "seen": looked})


# Owed on two overdue invoices, credit carried and seen, tolerance; what is uncovered of each, and which are chased.
@pytest.mark.parametrize(
    ("owed", "credit", "seen", "tolerance", "left", "is_chased"),
    [
        (("10.00", "10.00"), "0", "0", "1.00", ("10.00", "10.00"), (True, True)),
        (("10.00", "10.00"), "3.00", "2.00", "1.00", ("5.00", "10.00"), (True, True)),
        (("10.00", "10.00"), "10.00", "0", "1.00", ("0.00", "10.00"), (False, True)),
        (("10.00", "10.00"), "0", "19.00", "1.00", ("0.00", "1.00"), (False, True)),
        (("10.00", "10.00"), "0", "19.01", "1.00", ("0.00", "0.99"), (False, False)),
        (("10.00", "10.00"), "20.00", "0", "0", ("0.00", "0.00"), (False, False)),
        (("0.50", "0.49"), "0", "0", "1.00", ("0.50", "0.49"), (False, False)),
        (("0.50", "0.50"), "0", "0", "1.00", ("0.50", "0.50"), (True, True)),
        (("0.01", "10.00"), "0", "0", "1.00", ("0.01", "10.00"), (True, True)),
        (("0.01", "0.01"), "0", "0", "0", ("0.01", "0.01"), (True, True)),
    ],
)
def test_mon_8_credit_covers_the_first_due_first_and_the_uncovered_sum_is_tolerated_or_not(
    owed: tuple[str, str],
    credit: str,
    seen: str,
    tolerance: str,
    left: tuple[str, str],
    is_chased: tuple[bool, bool],
) -> None:
    invoices = [an_invoice(number, amount) for number, amount in enumerate(owed, start=1)]
    account = owing(*invoices, credit=credit, seen=seen, tolerance=tolerance)
    assert tuple(f"{amount:f}" for amount in uncovered(account, "USD").values()) == left
    assert tuple(chased(account, each) for each in invoices) == is_chased


def test_mon_8_each_currency_by_itself_and_only_what_is_overdue() -> None:
    yen, dollars = an_invoice(1, "1", "JPY"), an_invoice(2, "0.99")
    issued = an_invoice(3, "50.00", state=InvoiceState.ISSUED)
    account = owing(yen, dollars, issued, credit="0.20")
    assert [chased(account, each) for each in (yen, dollars, issued)] == [True, False, False]
    assert f"{counted_credit(account, 'USD'):f}" == "0.20"
    assert list(why_not_chased(account)) == [f"{numbered(2)} is not chased: USD 0.79 is below the tolerance of 1.00."]


def test_mon_8_a_cent_short_it_stays_owed_and_is_never_chased() -> None:
    customer = ACustomer(offer=YEAR)
    customer.pay("2026-02-10", "359.99")
    customer.until("2026-12-31")
    assert customer.unpaid == ["1 overdue 0.01"]
    assert customer.events[2:] == [
        "invoice_overdue 1@2026-04-02T00:00:00Z",
        "reminder_skipped 1@2026-04-03T00:00:00Z",
        "reminder_skipped 1@2026-04-09T00:00:00Z",
        "reminder_skipped 1@2026-04-16T00:00:00Z",
        "suspension_postponed 1@2026-05-02T00:00:00Z",
    ]
    assert {event.rule for event in customer.journal[3:]} == {"MON-8"}
    assert [event.reminder for event in customer.journal[3:6]] == [1, 2, 3]
    assert customer.account.receivables[0].reminders == 0
    assert customer.state() == "active"
    assert customer.timeline == ["close@2027-01-01T00:00:00Z MON-5"]


def test_mon_8_what_another_subscription_is_credited_covers_it_and_reminders_are_skipped_for_ever() -> None:
    """A year bought on April the 1st is cancelled on the 5th: its 240.00 are more than is owed until the month ends."""
    customer = ACustomer(offer={**YEAR, "unit_price": "80.00"})
    customer.buy("s-2", YEAR, "2026-03-31T12:00:00Z")
    customer.ask("2026-04-05", "cancel", "s-2")
    assert customer.timeline == ["close@2026-05-01T00:00:00Z MON-5", "overdue@2026-05-31T00:00:00Z MON-6"]
    (words,) = why_not_chased(customer.account)
    assert words == f"{numbered(1)} is not chased: credit covers it, and settles it when the month ends."
    customer.until("2026-05-01")
    assert customer.events[2:] == [
        "invoice_overdue 1@2026-04-02T00:00:00Z",
        "reminded 1@2026-04-03T00:00:00Z",
        "reminder_skipped 1@2026-04-09T00:00:00Z",
        "reminder_skipped 1@2026-04-16T00:00:00Z",
        "invoice_carried 3@2026-05-01T00:00:00Z",
        "invoice_settled 1@2026-05-01T00:00:00Z",
        "invoice_settled 2@2026-05-01T00:00:00Z",
    ]
    assert (customer.credit, customer.unpaid) == ({}, ["2 issued 240.00"])


def covered_while_held() -> ACustomer:
    """January's 360.00 led to a hold on May the 2nd. A year of another offer, bought in April, is cancelled then."""
    customer = ACustomer(offer=YEAR)
    customer.buy("s-2", {**YEAR, "unit_price": "150.00"}, "2026-04-28")
    customer.until(HELD)
    assert (customer.state(), customer.state("s-2")) == ("suspended", "active")
    customer.ask("2026-05-05T10:00:00Z", "cancel", "s-2")
    return customer


def test_mon_8_a_hold_is_lifted_at_the_instant_of_what_covers_the_debt() -> None:
    customer = covered_while_held()
    assert customer.events[-1] == "holds_lifted 1@2026-05-05T10:00:00Z"
    lifted = customer.journal[-1]
    assert (lifted.rule, lifted.lifts, f"{lifted.credit:f}") == ("MON-8", True, "450.00")
    assert (customer.state(), customer.unpaid) == ("active", ["1 overdue 360.00", "2 issued 450.00"])
    # It is settled when the month ends, and not deleted after ninety days.
    customer.until("2026-09-01")
    assert customer.state() == "active"
    assert "invoice_settled 1@2026-06-01T00:00:00Z" in customer.events


def test_mon_8_what_takes_the_cover_away_leads_to_the_hold_at_that_instant() -> None:
    """Another purchase eats up the credit that covered the invoice, before the month ends."""
    customer = covered_while_held()
    customer.buy("s-3", {**YEAR, "unit_price": "100.00"}, "2026-05-10T08:00:00Z")
    assert customer.events[-1] == "suspended_for_nonpayment 1@2026-05-10T08:00:00Z"
    assert (customer.state(), customer.state("s-3")) == ("suspended", "active")
    assert f"{customer.journal[-1].credit:f}" == "150.00"


@pytest.mark.parametrize(("late", "sent"), [(-TICK, False), (0 * TICK, True)])
def test_mon_8_rows_dated_before_the_reminder_count_and_those_of_its_instant_do_not(
    late: timedelta, sent: bool
) -> None:
    """A cancellation a microsecond before April the 3rd covers; at the instant itself the reminder comes first."""
    customer = ACustomer(offer=YEAR)
    customer.buy("s-2", {**YEAR, "unit_price": "150.00"}, "2026-03-28")
    customer.ask(instant("2026-04-03") + late, "cancel", "s-2")
    customer.until("2026-04-03")
    assert ("reminded 1@2026-04-03T00:00:00Z" in customer.events) == sent


def test_mon_8_the_timeline_shows_what_comes_by_what_is_known() -> None:
    """Charges of a new purchase change nothing; what its cancellation credits besides does."""
    customer = ACustomer(offer=YEAR)
    customer.buy("s-2", {**YEAR, "unit_price": "150.00"}, "2026-03-30")
    shown = ["close", "overdue"]
    assert [each.split("@")[0] for each in customer.until("2026-03-31").timeline] == shown
    customer.until("2026-04-02T02:00:00Z")
    assert {each.split("@")[0] for each in customer.timeline} == {"remind", "close", "suspend", "overdue"}
    customer.ask("2026-04-02T03:00:00Z", "cancel", "s-2")
    assert [each.split("@")[0] for each in customer.timeline] == ["close", "overdue"]


def test_mon_8_other_terms_are_followed_at_once() -> None:
    """A tolerance of 400.00 lifts the hold; the default one holds again, at the instants of the changes."""
    customer = ACustomer(offer=YEAR).until("2026-05-10")
    assert customer.state() == "suspended"
    customer.request("2026-05-10T01:00:00Z", "change_terms", tolerance="400.00")
    assert (customer.state(), customer.events[-1]) == ("active", "holds_lifted 1@2026-05-10T01:00:00Z")
    customer.request("2026-05-20T01:00:00Z", "change_terms", tolerance="1.00")
    assert (customer.state(), customer.events[-1]) == ("suspended", "suspended_for_nonpayment 1@2026-05-20T01:00:00Z")


def test_mon_8_a_payment_to_below_the_tolerance_lifts_the_hold_and_the_invoice_stays_overdue() -> None:
    customer = ACustomer(offer=YEAR).until("2026-05-10")
    customer.pay("2026-05-10T01:00:00Z", "359.01")
    assert customer.events[-2:] == [
        "payment_received -@2026-05-10T01:00:00Z",
        "holds_lifted 1@2026-05-10T01:00:00Z",
    ]
    assert (customer.state(), customer.unpaid) == ("active", ["1 overdue 0.99"])


def test_mon_8_a_new_overdue_invoice_brings_the_small_ones_back() -> None:
    """What was tolerated alone is chased with the next: its suspension comes then, its reminders never."""
    customer = ACustomer()
    customer.pay("2026-02-02", "29.50")
    customer.until("2026-05-02")
    assert customer.events[-1] == "suspended_for_nonpayment 1@2026-05-02T00:00:00Z"
    assert f"{customer.journal[-1].amount:f}" == "0.50"
    names = [event for event in customer.events if event.split()[1].startswith("1@") and "remind" in event]
    assert [name.split()[0] for name in names] == ["reminder_skipped", "reminder_skipped", "reminder_skipped"]


@pytest.mark.parametrize("yen", [1, 0])
def test_mon_8_in_yen_the_tolerance_is_one_yen(yen: int) -> None:
    customer = ACustomer(offer={**YEAR, "currency": "JPY", "unit_price": 500})
    customer.pay("2026-02-10", 1500 - yen, currency="JPY")
    customer.until("2026-04-03")
    assert ("reminded" in customer.names) == bool(yen)


def test_mon_8_what_was_postponed_comes_when_the_next_invoice_falls_due() -> None:
    """0.50 are tolerated from May the 2nd on, until another 102.25 are overdue on the 31st."""
    customer = ACustomer(offer=YEAR)
    customer.ask("2026-03-10T09:00:00Z", "change_quantity", quantity=4)
    customer.pay("2026-04-10", "359.50")
    assert "suspension_postponed 1@2026-05-02T00:00:00Z" in customer.until("2026-05-30").events
    assert customer.timeline[:2] == ["overdue@2026-05-31T00:00:00Z MON-6", "suspend@2026-05-31T00:00:00Z MON-6"]
    customer.until("2026-05-31")
    assert customer.events[-2:] == [
        "invoice_overdue 2@2026-05-31T00:00:00Z",
        "suspended_for_nonpayment 1@2026-05-31T00:00:00Z",
    ]


def test_mon_8_what_comes_at_one_instant_comes_in_the_order_shown() -> None:
    """On June the 30th the fourth 0.30 falls due; two suspensions were postponed until then, one has its date."""
    customer = ACustomer(offer={"unit_price": "0.10"}).until("2026-06-29")
    shown = [each for each in account_timeline(customer.account) if each.what is AccountWhat.SUSPEND]
    assert [(each.invoice, format_instant(each.at)) for each in shown] == [
        (numbered(n), "2026-06-30T00:00:00Z") for n in (1, 2, 3)
    ]
    assert customer.until("2026-06-30").events[-4:] == [
        "invoice_overdue 4@2026-06-30T00:00:00Z",
        *(f"suspended_for_nonpayment {n}@2026-06-30T00:00:00Z" for n in (1, 2, 3)),
    ]
