"""A shop told in a test: an offer, a customer and what is held, as plain data with one thing changed."""

import json
from collections.abc import Mapping

from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer
from domain.ordering.eligibility import Holding, Owned
from domain.ordering.lines import Line
from domain.subscription.events import State

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


def holding(*states: State, trial_of: str | None = None) -> Holding:
    """Living subscriptions s-1, s-2 and so on, in those states."""
    living = tuple(Owned(subscription_id=f"s-{n}", state=state) for n, state in enumerate(states, 1))
    return Holding(living=living, trial_of=trial_of)
