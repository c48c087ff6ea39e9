"""A statement's balance is what the account owes less its credit, after everything that can happen to money."""

from decimal import Decimal

from hypothesis import given, settings

from statemachines.account.statement import statement_lines
from tests.support.simulated.customer import ACustomer
from tests.support.simulated.random_customers import STEADY, RandomCustomer, customers


@settings(max_examples=25)
@given(customers)
def test_the_last_balance_is_what_is_owed_less_credit(random: RandomCustomer) -> None:
    customer, book = random.live()
    account = customer.life.account
    heads = {each.head.invoice: each.head for each in book.invoices}
    last = {line.currency: line.balance for line in statement_lines(book.events, heads, {})}
    known = {each.currency for each in account.receivables} | set(account.credit)
    assert known <= set(last)
    for currency, balance in last.items():
        owed = sum((each.owed for each in account.receivables if each.currency == currency), Decimal(0))
        assert balance == owed - account.credit_in(currency)


def test_each_line_names_its_document() -> None:
    customer = ACustomer().until("2026-02-01")
    customer.pay("2026-02-10", "30.00", "bank-1")
    note = {"credit_id": "c-1", "currency": "USD", "amount": "5.00", "reason": "goodwill"}
    customer.request("2026-02-11", "credit_note", **note)
    customer.request("2026-02-12", "refund", refund_id="r-1", currency="USD", amount="4.00", reason="asked")
    customer.request("2026-02-12", "refund_paid", refund_id="r-1")
    heads = {each.head.invoice: each.head for each in customer.documents}
    lines = statement_lines(customer.journal, heads, {3: "northwind-C000001"})
    assert [(line.what, line.of, f"{line.amount:f}", f"{line.balance:f}") for line in lines] == [
        ("Invoice", "fabrikam-000001", "30.00", "30.00"),
        ("Payment", "bank-1", "-30.00", "0.00"),
        ("Credit note", "northwind-C000001", "-5.00", "-5.00"),
        ("Refund", "r-1", "4.00", "-1.00"),
    ]


def test_mon_13_notes_for_a_whole_invoice_take_back_its_whole_tax() -> None:
    """Each after what the earlier ones took back."""
    customer = ACustomer(taxes=STEADY, offer={"unit_price": "33.33"}).until("2026-02-01")
    head = customer.documents[0].head
    rest = head.totals.gross - Decimal("79.34")
    for number, amount in enumerate(("39.67", "39.67", f"{rest:f}")):
        note = {"credit_id": f"c-{number}", "currency": "USD", "amount": amount, "reason": "wrong"}
        answer = customer.request(f"2026-02-0{number + 2}", "credit_note", **note, invoice=head.invoice)
        assert not answer.refused, answer.message
    assert sum(event.tax for event in customer.journal) == head.totals.tax
