"""An invoice as it stands: its document, and what the account's journal says came of it (MON-5, MON-6)."""

from domain.account.invoice import InvoiceState
from statemachines.account.documents import invoice_document
from statemachines.account.standing import standing_of
from statemachines.simulation.document import scenario_invoices
from tests.support.simulated.customer import ACustomer, numbered


def paid_after_all() -> ACustomer:
    """An invoice that fell due, was reminded of, led to a suspension, and was paid in two parts at last."""
    customer = ACustomer(offer={"term": "P1Y", "billing_plan": "annual"})
    customer.pay("2026-03-01", "10.00")
    customer.request("2026-03-02", "fail_payment")
    customer.until("2026-05-02")
    customer.pay("2026-05-10", "100.00", payment_id="p-2")
    return customer


def test_mon_6_an_invoice_stands_where_its_events_left_it() -> None:
    """Step by step, from before any of them is recorded."""
    customer = paid_after_all()
    (invoice,) = customer.documents
    seen = [standing_of(invoice.head, customer.journal[:count]) for count in range(len(customer.journal) + 1)]
    told = [f"{s.state} {s.paid} {s.reminders} {s.failures} {'suspended' if s.suspended_at else '-'}" for s in seen]
    assert told == [
        "issued 0.00 0 0 -",
        "issued 0.00 0 0 -",
        "issued 10.00 0 0 -",
        "issued 10.00 0 1 -",
        "overdue 10.00 0 1 -",
        "overdue 10.00 1 1 -",
        "overdue 10.00 2 1 -",
        "overdue 10.00 3 1 -",
        "overdue 10.00 3 1 suspended",
        "paid 30.00 3 1 suspended",
    ]


def test_mon_5_an_invoice_without_anything_due_is_carried_before_its_event_is_recorded() -> None:
    customer = ACustomer()
    customer.pay("2026-01-20", "50.00")
    customer.until("2026-02-01")
    assert standing_of(customer.documents[0].head, ()).state is InvoiceState.CARRIED


def test_mon_6_events_of_other_invoices_say_nothing() -> None:
    customer = ACustomer().until("2026-05-03")
    second = standing_of(customer.documents[1].head, customer.journal)
    assert (second.state, second.reminders, second.suspended_at) == (InvoiceState.OVERDUE, 1, None)


def test_mon_5_the_whole_document() -> None:
    customer = paid_after_all()
    (invoice,) = customer.documents
    assert invoice_document(invoice, standing_of(invoice.head, customer.journal)) == {
        "invoice": numbered(1),
        "customer": "fabrikam",
        "state": "paid",
        "currency": "USD",
        "period": {"start": "2026-01-15T09:00:00Z", "end": "2026-02-01T00:00:00Z"},
        "issued_at": "2026-02-01T00:00:00Z",
        "due_at": "2026-04-02T00:00:00Z",
        "charges": "30.00",
        "credits": "0.00",
        "total": "30.00",
        "carried_in": "0.00",
        "due": "30.00",
        "carried_out": "0.00",
        "settles": [],
        "paid": "30.00",
        "settled": "0.00",
        "credit_notes": [],
        "written_off": "0.00",
        "tax": None,
        "owed": "0.00",
        "reminders": 3,
        "failed_payments": 1,
        "suspended_at": "2026-05-02T00:00:00Z",
        "payments": [
            {"payment_id": "p-1", "at": "2026-03-01T00:00:00Z", "amount": "10.00"},
            {"payment_id": "p-2", "at": "2026-05-10T00:00:00Z", "amount": "20.00"},
        ],
        "lines": [
            {
                "subscription": "s-1",
                "at": "2026-01-15T09:00:00Z",
                "kind": "charge",
                "line": "crm",
                "quantity": 3,
                "amount": "30.00",
                "currency": "USD",
                "period": {"start": "2026-01-15T09:00:00Z", "end": "2027-01-15T09:00:00Z"},
                "key": "term-1/period-1/charge/crm",
            }
        ],
    }


def test_mon_5_what_no_invoice_has_yet_is_the_open_one() -> None:
    customer = ACustomer(opened="2026-01-31T20:00:00Z")
    customer.ask("2026-01-31T21:00:00Z", "change_quantity", quantity=1)
    book = customer.simulator.book
    (waiting,) = scenario_invoices(book.invoices, book.events, book.uninvoiced())
    shown = {name: value for name, value in waiting.items() if name != "lines"}
    assert shown == {
        "invoice": None,
        "state": "open",
        "currency": "USD",
        "charges": "40.00",
        "credits": "30.00",
        "total": "10.00",
        "settles": [],
        "settled": "0.00",
        "credit_notes": [],
        "written_off": "0.00",
        "tax": None,
    }
    assert len(waiting["lines"]) == 3
    customer.until("2026-02-01")
    (invoice,) = scenario_invoices(book.invoices, book.events, book.uninvoiced())
    assert (invoice["invoice"], invoice["state"], "customer" in invoice) == (1, "issued", False)
    assert all("subscription" not in line for line in invoice["lines"])
