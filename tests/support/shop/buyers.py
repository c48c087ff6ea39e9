"""Who buys in the tests' shop, from whom, and what they order."""

import json
from typing import Any

from domain.catalog.customers import Customer, Partner
from domain.ordering.eligibility import Owned, Ownership
from domain.ordering.lines import Line, OrderRequest
from domain.subscription.events import State
from tests.support.instants import START
from tests.support.shop.offers import Facts


def partner(**changes: Any) -> Partner:
    """The reseller Northwind Traders."""
    return Partner.model_validate_json(json.dumps({"id": "northwind", "name": "Northwind Traders", **changes}))


def customer(**changes: Any) -> Customer:
    """A commercial customer in the United States, of the partner northwind."""
    record = {
        "id": "fabrikam",
        "name": "Fabrikam",
        "partner": "northwind",
        "country": "US",
        "segment": "commercial",
        "account_opened": START,
    }
    return Customer.model_validate_json(json.dumps({**record, **changes}, default=str))


def a_customer(facts: Facts | None = None) -> Customer:
    """The same, whose account is older than any order."""
    return customer(**{"account_opened": "2025-12-01T00:00:00Z", **(facts or {})})


def request(*lines: dict[str, Any], order_id: str = "o-1", **changes: Any) -> OrderRequest:
    """An order; a line without an offer is of one licence of Contoso's CRM."""
    record = {
        "order_id": order_id,
        "customer": "fabrikam",
        "lines": [{"offer": "contoso-crm", **line} for line in lines],
    }
    return OrderRequest.model_validate_json(json.dumps({**record, **changes}, default=str))


def a_line(facts: Facts | None = None) -> Line:
    """Three licences of the offer `crm`, with no add-on."""
    return Line.model_validate_json(json.dumps({"offer": "crm", "quantity": 3, **(facts or {})}))


def holding(*states: State, trial_of: str | None = None) -> Ownership:
    """Living subscriptions s-1, s-2 and so on, in those states."""
    living = tuple(Owned(subscription_id=f"s-{n}", state=state) for n, state in enumerate(states, 1))
    return Ownership(living=living, trial_of=trial_of)
