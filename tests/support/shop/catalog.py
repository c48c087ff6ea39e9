"""What the command line's tests buy, and who buys it: every rule of eligibility has something to say here."""

from datetime import UTC, datetime
from typing import Any

from domain.catalog.catalog import Contents

OPENED = datetime(2020, 1, 1, tzinfo=UTC)
BUYERS = 160
"""Customers without any subscription: each test takes one of its own."""

SETUP = "https://setup.example.com/start"
MONTHLY = {"term": "P1M", "billing_plan": "monthly", "currency": "USD", "publisher": "partner", "vendor": "contoso"}
MICROSOFT = {**MONTHLY, "publisher": "microsoft", "vendor": None}

OFFERS: list[dict[str, Any]] = [
    {
        **MONTHLY,
        "id": "contoso-crm",
        "name": "Contoso CRM",
        "unit_price": "10.00",
        "max_quantity": 500,
        "add_ons": [{"id": "backup", "unit_price": "2.50"}, {"id": "archive", "unit_price": "1.10"}],
    },
    {
        **MONTHLY,
        "id": "fabrikam-mail",
        "name": "Fabrikam Mail",
        "currency": "EUR",
        "unit_price": "7.35",
        "trial_days": 30,
    },
    {
        **MONTHLY,
        "id": "wingtip-crm",
        "name": "Wingtip CRM",
        "currency": "JPY",
        "unit_price": "980",
        "trial_days": 30,
        "one_per_customer": True,
        "setup": "publisher",
        "setup_url": SETUP,
    },
    {**MICROSOFT, "id": "office-suite", "name": "Office Suite", "term": "P1Y", "unit_price": "12.50"},
    {
        **MICROSOFT,
        "id": "compute",
        "name": "Compute",
        "billing_type": "usage",
        "unit_price": "0.25",
        "one_per_customer": True,
    },
    {**MONTHLY, "id": "solo", "name": "Solo Licence", "unit_price": "40.00", "one_per_customer": True},
    {
        **MONTHLY,
        "id": "dearer-soon",
        "name": "Dearer Soon",
        "unit_price": "3.00",
        "prices": [{"at": "2090-01-01T00:00:00Z", "unit_price": "4.00"}],
    },
    {**MONTHLY, "id": "only-in-france", "name": "Only in France", "unit_price": "1.00", "countries": ["FR"]},
    {**MONTHLY, "id": "not-through-us", "name": "Not through us", "unit_price": "1.00", "in_programme": False},
    {**MONTHLY, "id": "for-others", "name": "For others", "unit_price": "1.00", "exclusive_to": ["resale-two"]},
    {**MONTHLY, "id": "told-of", "name": "Told of", "unit_price": "1.00", "vendor": "told"},
    {**MICROSOFT, "id": "container", "name": "Container", "unit_price": "1.00", "transactable": False},
    {**MONTHLY, "id": "isv-usage", "name": "ISV Usage", "unit_price": "1.00", "billing_type": "usage"},
    {**MICROSOFT, "id": "for-schools", "name": "For schools", "unit_price": "1.00", "segments": ["education"]},
]


def contents() -> Contents:
    """All of it, to be imported."""
    named = {
        "fabrikam": "Fabrikam Residences",
        "adatum": "A. Datum Corporation",
        "northwind": "Northwind Traders",
        "proseware": "Proseware, Inc.",
        "jerrys": """<script>Ben & "Jerry's"</script>""",
    }
    named |= {buyer(number): f"Buyer {number}" for number in range(1, BUYERS + 1)}
    customers = [
        {
            "id": key,
            "name": name,
            "partner": "resale-one",
            "country": "US",
            "segment": "commercial",
            "account_opened": OPENED,
        }
        for key, name in named.items()
    ]
    partners = [{"id": "resale-one", "name": "Resale One"}, {"id": "resale-two", "name": "Resale Two"}]
    whole = {"partners": partners, "customers": customers, "offers": OFFERS}
    return Contents.model_validate(whole, strict=False)


def buyer(number: int) -> str:
    """The id of one of the customers without a subscription."""
    return f"buyer-{number}"
