"""Credit that an invoice has left settles earlier ones: none stands beside something due (MON-5)."""

from statemachines.account.standing import standing_of
from tests.support.simulated.customer import ACustomer, numbered
from tests.support.simulated.life import Facts

YEAR: Facts = {"term": "P1Y", "billing_plan": "annual", "unit_price": "120.00"}


def test_cxl_5_a_year_that_is_cancelled_unpaid_is_not_followed() -> None:
    """360.00 charged in January, 360.00 credited in February: nobody owes anything from March on."""
    customer = ACustomer(offer=YEAR, opened="2026-01-25")
    customer.ask("2026-02-03", "cancel")
    customer.until("2026-12-31")
    assert customer.events == [
        "invoice_issued 1@2026-02-01T00:00:00Z",
        "invoice_carried 2@2026-03-01T00:00:00Z",
        "invoice_settled 1@2026-03-01T00:00:00Z",
    ]
    settled = customer.journal[-1]
    assert (settled.rule, settled.by, settled.state, settled.credit_of) == ("MON-5", "system", "paid", numbered(2))
    assert f"{settled.currency} {settled.amount}" == "USD 360.00"
    head = customer.documents[0].head
    standing = standing_of(head, customer.journal)
    assert (standing.state, f"{standing.paid:f}", f"{standing.settled:f}") == ("paid", "0.00", "360.00")
    assert [f"{each.invoice} {each.amount:f}" for each in standing.credits] == [f"{numbered(2)} 360.00"]
    assert standing.owed(head.totals.due) == 0


def test_mon_5_several_invoices_the_first_due_first_and_a_part_of_one() -> None:
    """Of 30.00, 30.00 and 30.00 owed, a credit of 75.00 leaves 45.00 after May's charge, and 15.00 on the second."""
    customer = ACustomer().until("2026-04-05")
    customer.buy("s-2", {"term": "P1Y", "billing_plan": "annual", "unit_price": "25.00"}, "2026-04-30")
    customer.ask("2026-05-01T12:00:00Z", "cancel", "s-2")
    # April's invoice has the charge of 75.00 and the month's own 30.00; May's has the credit, and a charge of 30.00.
    customer.until("2026-06-01")
    assert customer.invoices[3:] == ["4 26-04 105.00-0.00 +0.00 105.00 >0.00", "5 26-05 30.00-75.00 +0.00 0.00 >0.00"]
    assert customer.unpaid == ["2 overdue 15.00", "3 overdue 30.00", "4 issued 105.00"]
    assert [f"{e.event} {e.invoice} {e.amount}" for e in customer.journal if e.credit_of] == [
        f"invoice_settled {numbered(1)} 30.00",
        f"invoice_settled {numbered(2)} 15.00",
    ]
    customer.pay("2026-06-02", "15.00", invoice=numbered(2))
    assert customer.unpaid == ["3 overdue 30.00", "4 issued 105.00"]


def test_mon_5_a_month_without_charges_settles_at_its_end_alone() -> None:
    """The credit of February waits for February's invoice: until then the open one stays as it is."""
    customer = ACustomer(offer=YEAR, opened="2026-01-25")
    customer.ask("2026-02-03", "cancel")
    assert customer.until("2026-02-28T23:59:59Z").unpaid == ["1 issued 360.00"]


def test_sus_9_what_settles_the_invoice_that_led_to_holds_lifts_them() -> None:
    """January's 360.00 led to holds on May the 2nd; a year bought in April is cancelled in its window then."""
    customer = ACustomer(offer=YEAR)
    customer.buy("s-2", YEAR, "2026-04-30")
    assert customer.until("2026-05-02").holds() == ["nonpayment system"]
    customer.ask("2026-05-03", "cancel", "s-2")
    customer.until("2026-06-01")
    assert customer.events[-1] == "invoice_settled 1@2026-06-01T00:00:00Z"
    assert (customer.unpaid, customer.credit) == (["2 issued 360.00"], {})
    assert (customer.state(), customer.holds()) == ("active", [])
    assert sum(event.lifts for event in customer.journal) == 1
