"""The catalog of the tests' shop: for every rule of eligibility an offer that it refuses, and some that sell."""

from datetime import UTC, datetime
from typing import Any

from domain.catalog.catalog import Contents, ListedOffer
from tests.support.shop.buyers import customer, partner
from tests.support.shop.offers import BACKUP, MICROSOFT, SETUP, listed

OPENED = datetime(2020, 1, 1, tzinfo=UTC)
BUYERS = 400
"""Customers without any subscription, for tests that each take one of their own."""
PARTNERS = (partner(), partner(id="tailspin", name="Tailspin Toys"))


def _sold(offer_id: str, name: str, **changes: Any) -> ListedOffer:
    return listed(**{"id": offer_id, "name": name, "add_ons": [], **changes})


OFFERS = (
    listed(max_quantity=500, add_ons=[BACKUP, {"id": "archive", "unit_price": "1.10"}]),
    _sold("fabrikam-mail", "Fabrikam Mail", currency="EUR", unit_price="7.35", trial_days=30),
    _sold(
        "wingtip-crm",
        "Wingtip CRM",
        currency="JPY",
        unit_price="980",
        trial_days=30,
        one_per_customer=True,
        **SETUP,
    ),
    _sold("office-suite", "Office Suite", term="P1Y", unit_price="12.50", **MICROSOFT),
    _sold("compute", "Compute", billing_type="usage", unit_price="0.25", one_per_customer=True, **MICROSOFT),
    _sold("solo", "Solo Licence", unit_price="40.00", one_per_customer=True),
    _sold("few", "Few", max_quantity=5),
    _sold("trial", "Trial", trial_days=30),
    _sold("set-up", "Set-up", **SETUP),
    _sold(
        "dearer-soon",
        "Dearer Soon",
        unit_price="3.00",
        prices=[{"at": "2090-01-01T00:00:00Z", "unit_price": "4.00125"}],
    ),
    _sold("only-in-france", "Only in France", unit_price="1.00", countries=["FR"]),
    _sold("not-through-us", "Not through us", unit_price="1.00", in_programme=False),
    _sold("for-others", "For others", unit_price="1.00", exclusive_to=["tailspin"]),
    _sold("told-of", "Told of", unit_price="1.00", vendor="told"),
    _sold("container", "Container", unit_price="1.00", transactable=False, **MICROSOFT),
    _sold("isv-usage", "ISV Usage", unit_price="1.00", billing_type="usage"),
    _sold("for-schools", "For schools", unit_price="1.00", segments=["education"], **MICROSOFT),
)


def contents() -> Contents:
    """All of it with customers, to be imported."""
    named = {
        "fabrikam": "Fabrikam Residences",
        "adatum": "A. Datum Corporation",
        "northwind": "Northwind Traders",
        "proseware": "Proseware, Inc.",
        "jerrys": """<script>Ben & "Jerry's"</script>""",
    }
    named |= {buyer(number): f"Buyer {number}" for number in range(1, BUYERS + 1)}
    customers = tuple(customer(id=key, name=name, account_opened=OPENED) for key, name in named.items())
    return Contents(partners=PARTNERS, customers=customers, offers=OFFERS)


def buyer(number: int) -> str:
    """The id of one of the customers without a subscription."""
    return f"buyer-{number}"
