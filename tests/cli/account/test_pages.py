"""The pages of documents: whom they name, what they say, and that nothing touches on paper and on a telephone.

`PERENNIAL_PICTURES=DIR` has the pictures and the PDF written there.
"""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser

from activities.accounts.contracts import IssuedNote, NumberedNote
from cli.account.credit_note import note_page
from cli.account.invoice_page import days_of, page
from cli.account.statement_page import statement_page
from domain.account.invoice import Invoice
from domain.calendar import Period
from domain.subscription.ledger import Kind
from domain.taxes.sale import Buyer, Sale
from domain.taxes.table import TaxTable
from perennial.account.documents import ChargeTakenBack, InvoiceView, NoteView, StatementView
from perennial.account.parties import buyer_of, seller_of
from statemachines.account.standing import standing_of
from statemachines.account.statement import statement_lines
from statemachines.simulation.customer import KnownTaxes
from tests.support.instants import instant
from tests.support.shop.buyers import customer as a_customer
from tests.support.shop.buyers import partner as a_partner
from tests.support.simulated.customer import ACustomer
from tests.support.simulated.life import Facts

WIDTHS = {"A4": 658, "telephone": 375, "desk": 1280}
"""In CSS pixels: what the margins of A4 leave, and two screens."""
TEXTS = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    if (!node.textContent.trim()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects())
      if (box.width) found.push([node.textContent.trim(), box.left, box.right, box.top, box.bottom]);
  }
  return found;
}"""
NEAREST = 6
"""How near two texts on one line may come, in CSS pixels."""
LITWARE: dict[str, str] = {
    "street": "1 Harbor Way",
    "postal_code": "98052",
    "city": "Redmond",
    "region": "WA",
    "country": "US",
    "tax_id": "US-91-1234567",
    "how_to_pay": "Bank transfer to account 000123456.\nWrite the number of the invoice on it.",
}
FABRIKAM: dict[str, str] = {
    "street": "27 Garden Lane",
    "postal_code": "10011",
    "city": "New York",
    "tax_id": "US-13-7654321",
    "reference": "PO 4711",
}


def viewed(customer: ACustomer, document: Invoice) -> InvoiceView:
    """As the use case has it."""
    return InvoiceView(
        document=document,
        standing=standing_of(document.head, customer.journal),
        seller=seller_of(a_partner(**LITWARE), "northwind"),
        buyer=buyer_of(a_customer(name="Fabrikam Residences", **FABRIKAM), "fabrikam"),
        products={"crm": "Contoso CRM for sales and service teams of any size"},
    )


def in_dollars() -> InvoiceView:
    """Partly paid and corrected, with a payment that was taken back."""
    customer = ACustomer()
    customer.ask("2026-01-20", "change_quantity", quantity=5)
    customer.until("2026-02-01")
    customer.pay("2026-02-10", "12.50", "bank-4711")
    customer.pay("2026-02-11", "5.00", "bank-4712")
    customer.request("2026-02-12", "reverse_payment", payment_id="bank-4712", reason="charge-back")
    note = {"credit_id": "c-1", "currency": "USD", "amount": "2.50", "reason": "mispriced"}
    customer.request("2026-02-13", "credit_note", **note, invoice=customer.documents[0].head.invoice)
    return viewed(customer, customer.documents[0])


def taxes(country: str, rates: list[dict[str, str]], **of: Any) -> KnownTaxes:
    table = {"tax_rates": [{"country": country, "reverse_charge": True, "rates": rates}]}
    return TaxTable.model_validate_json(json.dumps(table)), Sale(buyer=Buyer(country=country, **of))


GERMAN = [{"from": "2007-01-01", "until": "2026-02-01", "rate": "0.19"}, {"from": "2026-02-01", "rate": "0.16"}]


def with_two_rates() -> InvoiceView:
    """Credits of what was charged at an earlier rate, beside charges at the new one (MON-13)."""
    customer = ACustomer(taxes=taxes("DE", GERMAN))
    customer.ask("2026-02-03", "change_quantity", quantity=5)
    customer.until("2026-03-01")
    view = viewed(customer, customer.documents[1])
    first = ChargeTakenBack(instant("2026-01-15"), customer.documents[0].head.invoice)
    credited = [line for line in view.document.lines if line.row.kind is Kind.CREDIT]
    return replace(view, takes_back={(line.subscription_id, line.row.key): (first,) for line in credited})


def reverse_charged() -> InvoiceView:
    """To a business of another country (MON-13)."""
    customer = ACustomer(taxes=taxes("FR", [{"from": "2007-01-01", "rate": "0.20"}], tax_id="FR40303265045"))
    customer.until("2026-02-01")
    return viewed(customer, customer.documents[0])


def of_sixty_lines() -> InvoiceView:
    """In yen, taxed, with long ids and large numbers."""
    customer = ACustomer(buys=False, taxes=taxes("JP", [{"from": "2019-10-01", "rate": "0.10"}]))
    offer: Facts = {"currency": "JPY", "unit_price": "713860"}
    for number in range(60):
        customer.buy(f"subscription-of-the-department-with-the-number-{number:04}", offer, quantity=1_000 + number)
    customer.until("2026-02-01")
    return viewed(customer, customer.documents[0])


def of_a_credit_note() -> str:
    """For an invoice with tax: a part settles it, the rest another one, and is credit."""
    customer = ACustomer(taxes=taxes("DE", GERMAN))
    customer.until("2026-02-01")
    named = customer.documents[0].head
    customer.pay("2026-02-02", "20.00", "bank-1")
    note = {"credit_id": "c-1", "currency": "USD", "amount": "30.00", "reason": "the price was wrong"}
    customer.request("2026-02-03", "credit_note", **note, invoice=named.invoice)
    event = customer.journal[-1]
    number = NumberedNote(seq=event.seq, id="northwind-C000001", series="northwind", number=1)
    seller = seller_of(a_partner(**LITWARE), "northwind")
    buyer = buyer_of(a_customer(name="Fabrikam Residences", **FABRIKAM), "fabrikam")
    return note_page(NoteView(IssuedNote(customer_id="fabrikam", note=number, event=event), seller, buyer, named))


def of_a_statement() -> str:
    """Two years in two currencies, with payments and what corrects them."""
    customer = ACustomer(taxes=taxes("DE", GERMAN))
    customer.buy("s-2", {"currency": "JPY", "unit_price": "713860"}, quantity=1_000)
    customer.until("2026-02-01")
    for month in range(2, 12):
        customer.pay(f"2026-{month:02}-10", "35.70", f"bank-transfer-{month}")
    customer.request("2026-11-20", "reverse_payment", payment_id="bank-transfer-11", reason="charge-back")
    note = {"credit_id": "c-1", "currency": "JPY", "amount": "1000", "reason": "goodwill"}
    customer.request("2026-12-02", "credit_note", **note)
    customer.until("2028-02-01")
    heads = {each.head.invoice: each.head for each in customer.documents}
    return statement_page(
        StatementView(
            at=customer.now,
            lines=tuple(statement_lines(customer.journal, heads, {})),
            seller=seller_of(a_partner(**LITWARE), "northwind"),
            buyer=buyer_of(a_customer(name="Fabrikam Residences", **FABRIKAM), "fabrikam"),
        )
    )


VIEWS = {"dollars": in_dollars, "taxed": with_two_rates, "reverse": reverse_charged, "sixty": of_sixty_lines}
PAGES: dict[str, Callable[[], str]] = {
    **{f"invoice-{name}": partial(lambda made: page(made()), made) for name, made in VIEWS.items()},
    "credit-note": of_a_credit_note,
    "statement": of_a_statement,
}


def touch(one: list[Any], other: list[Any]) -> bool:
    """Whether two texts are on one line, and nearer than they may be."""
    _, left, right, top, bottom = one
    _, others_left, others_right, others_top, others_bottom = other
    same_line = bottom > others_top + 1 and others_bottom > top + 1
    return bool(same_line and right + NEAREST > others_left and others_right + NEAREST > left)


def test_it_names_who_sells_who_buys_and_what() -> None:
    html = page(in_dollars())
    for words in (
        *("Northwind Traders", "1 Harbor Way", "98052 Redmond", "WA", "United States of America"),
        "Tax id US-91-1234567",
        *("Fabrikam Residences", "27 Garden Lane", "10011 New York", "Tax id US-13-7654321", "PO 4711"),
        *("Contoso CRM for sales and service teams of any size", "Credit of 2026-01-20", "No tax calculated."),
        *("2026-01-15 to 2026-02-14", "2026-01-20 to 2026-02-14"),
        *("Payment bank-4711", "Payment bank-4712 taken back", "-5.00", "Credit note c-1"),
        *("Write the number of the invoice on it.", "by 2026-04-02."),
    ):
        assert words in html, words


def test_mon_13_it_tells_the_tax_of_each_rate_and_what_a_credit_takes_back() -> None:
    html = page(with_two_rates()).replace("\N{NO-BREAK SPACE}", " ")
    for words in (
        *("Total before tax", "Tax 19 % on -", "Tax 16 % on ", "of the charge of 2026-01-15 on fabrikam-000001"),
        *(">19 %<", ">16 %<", "Unit price"),
    ):
        assert words in html, words
    assert "No tax calculated" not in html


def test_mon_13_a_reverse_charge_is_told() -> None:
    html = page(reverse_charged())
    for words in ("Reverse charge: the buyer accounts for the tax.", ">reverse charge<", "Reverse charge, "):
        assert words in html, words


def test_without_records_only_ids_are_known() -> None:
    assert (seller_of(None, "litware").name, buyer_of(None, "fabrikam").address) == ("litware", ())
    plain = buyer_of(a_customer(), "fabrikam")
    assert (plain.address, plain.tax_id, plain.reference) == ((), None, None)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-01-15T09:00:00Z", "2026-02-15T09:00:00Z", "2026-01-15 to 2026-02-14"),
        ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-01-01 to 2026-01-31"),
        ("2026-01-15T09:00:00Z", "2026-01-15T10:00:00Z", "2026-01-15 to 2026-01-15"),
    ],
)
def test_a_period_has_its_last_day(start: str, end: str, words: str) -> None:
    assert days_of(Period(start=instant(start), end=instant(end))) == words


def test_mon_10_a_credit_note_tells_what_it_takes_back() -> None:
    html = of_a_credit_note()
    for words in (
        *("Credit note northwind-C000001", "invoice fabrikam-000001 of 2026-02-01", "the price was wrong", "PO 4711"),
        *("Before tax (tax 19 %)", "USD 25.21", "USD 4.79", "Taken off invoice fabrikam-000001", "USD 30.00"),
    ):
        assert words in html, words


def test_a_statement_ends_with_what_is_owed() -> None:
    html = of_a_statement()
    for words in ("Invoice fabrikam-000001", "Payment bank-transfer-2", "Payment taken back bank-transfer-11", "Owed"):
        assert words in html, words


@pytest.mark.parametrize("shown", PAGES)
@pytest.mark.parametrize("medium", WIDTHS)
async def test_nothing_touches_or_breaks(browser: Browser, medium: str, shown: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGES[shown]())
    kind: Literal["print", "screen"] = "print" if medium == "A4" else "screen"
    tab = await browser.new_page(viewport={"width": WIDTHS[medium], "height": 900})
    try:
        await tab.emulate_media(media=kind)
        await tab.goto(file.as_uri())
        assert await tab.evaluate("document.documentElement.scrollWidth") <= WIDTHS[medium]
        texts = await tab.evaluate(TEXTS)
        assert len(texts) > 15
        pairs = ((one, other) for place, one in enumerate(texts) for other in texts[place + 1 :])
        assert [(one[0], other[0]) for one, other in pairs if touch(one, other)] == []
        if pictures := os.environ.get("PERENNIAL_PICTURES"):
            await tab.screenshot(path=Path(pictures) / f"{shown}-{medium}.png", full_page=True)
            await tab.pdf(path=Path(pictures) / f"{shown}.pdf", format="A4")
    finally:
        await tab.close()


def test_sums_are_those_of_the_books() -> None:
    view = in_dollars()
    owed = view.standing.owed(view.document.head.totals.due)
    assert owed == view.document.head.totals.due - Decimal("15.00")
    assert f"Please pay USD {owed} by" in page(view)
