"""The shop of the tests: its partners, customers and offers, and orders for them."""

import json
from collections.abc import Mapping
from typing import Any

from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer, Partner
from domain.ordering.eligibility import Owned, Ownership
from domain.ordering.lines import Line, OrderRequest
from domain.subscription.events import State
from tests.support.books.short_lives import START

SETUP = {"setup": "publisher", "setup_url": "https://contoso.example/set-up"}


def partner(**changes: Any) -> Partner:
    return Partner.model_validate_json(_json({"id": "northwind", "name": "Northwind Traders"}, changes))


def customer(**changes: Any) -> Customer:
    record = {
        "id": "fabrikam",
        "name": "Fabrikam",
        "partner": "northwind",
        "country": "US",
        "segment": "commercial",
        "account_opened": START,
    }
    return Customer.model_validate_json(_json(record, changes))


def listed(**changes: Any) -> ListedOffer:
    """An offer of the catalog: a licence that anybody can buy, billed monthly."""
    record = {
        "id": "contoso-crm",
        "name": "Contoso CRM",
        "vendor": "contoso",
        "term": "P1M",
        "billing_plan": "monthly",
        "currency": "USD",
        "unit_price": "10.00",
        "add_ons": [{"id": "backup", "unit_price": "2.50"}],
    }
    return ListedOffer.model_validate_json(_json(record, changes))


def request(*lines: dict[str, Any], order_id: str = "o-1", **changes: Any) -> OrderRequest:
    """An order; a line that is not said otherwise is of Contoso's CRM, once."""
    record = {
        "order_id": order_id,
        "customer": "fabrikam",
        "lines": [{"offer": "contoso-crm", **line} for line in lines],
    }
    return OrderRequest.model_validate_json(_json(record, changes))


def _json(record: dict[str, Any], changes: dict[str, Any]) -> str:
    return json.dumps({**record, **changes}, default=str)


Facts = Mapping[str, object]
"""Fields as plain data."""


def an_offer(facts: Facts | None = None) -> ListedOffer:
    """A licence of an ISV that anybody can buy, unless it is said otherwise."""
    plain: dict[str, object] = {
        "id": "crm",
        "name": "Contoso CRM",
        "vendor": "contoso",
        "term": "P1M",
        "billing_plan": "monthly",
        "currency": "USD",
        "unit_price": "10.00",
        "max_quantity": 500,
        "add_ons": [{"id": "backup", "unit_price": "2.50"}, {"id": "audit", "unit_price": "1.00"}],
    }
    if facts and facts.get("publisher") == "microsoft":
        del plain["vendor"]
    if facts and facts.get("setup") == "publisher":
        plain["setup_url"] = "https://contoso.example/set-up"
    return ListedOffer.model_validate_json(json.dumps({**plain, **(facts or {})}))


def a_customer(facts: Facts | None = None) -> Customer:
    """A commercial customer in the United States, of the partner northwind."""
    plain = {
        "id": "fabrikam",
        "name": "Fabrikam",
        "partner": "northwind",
        "country": "US",
        "segment": "commercial",
        "account_opened": "2025-12-01T00:00:00Z",
    }
    return Customer.model_validate_json(json.dumps({**plain, **(facts or {})}))


def a_line(facts: Facts | None = None) -> Line:
    """Three of it, with no add-on."""
    return Line.model_validate_json(json.dumps({"offer": "crm", "quantity": 3, **(facts or {})}))


def holding(*states: State, trial_of: str | None = None) -> Ownership:
    """Living subscriptions s-1, s-2 and so on, in those states."""
    living = tuple(Owned(subscription_id=f"s-{n}", state=state) for n, state in enumerate(states, 1))
    return Ownership(living=living, trial_of=trial_of)
