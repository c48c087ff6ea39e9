"""The offers of the tests: one licence, changed where a test wants another offer."""

import json
from collections.abc import Mapping
from typing import Any

from domain.catalog.catalog import ListedOffer
from domain.catalog.offers import Offer

Facts = Mapping[str, object]
"""Fields as plain data."""
BACKUP = {"id": "backup", "unit_price": "2.50"}
SETUP = {"setup": "publisher", "setup_url": "https://contoso.example/set-up"}
"""The fields of an offer whose publisher sets its purchases up."""
MICROSOFT = {"publisher": "microsoft", "vendor": None}


def offer_fields(**changes: Any) -> dict[str, Any]:
    """The fields of an offer that is ordered: a licence at USD 10.00, monthly, with no add-on."""
    plain = {"id": "contoso-crm", "term": "P1M", "billing_plan": "monthly", "currency": "USD", "unit_price": "10.00"}
    return {**plain, **changes}


def listed_fields(**changes: Any) -> dict[str, Any]:
    """The same fields with those that only a catalog has."""
    return {"id": "contoso-crm", "name": "Contoso CRM", "vendor": "contoso", **offer_fields(**changes)}


def offer(**changes: Any) -> Offer:
    """That offer as a subscription keeps it."""
    return Offer.model_validate_json(json.dumps(offer_fields(**changes), default=str))


def listed(**changes: Any) -> ListedOffer:
    """That offer as a catalog lists it, which anybody can buy, with the add-on `backup`."""
    return ListedOffer.model_validate_json(json.dumps(listed_fields(**{"add_ons": [BACKUP], **changes}), default=str))


def an_offer(facts: Facts | None = None) -> ListedOffer:
    """The offer `crm` of at most 500 licences, with two add-ons; what its publisher and its set-up need is added."""
    facts = facts or {}
    plain = {"id": "crm", "max_quantity": 500, "add_ons": [BACKUP, {"id": "audit", "unit_price": "1.00"}]}
    if facts.get("publisher") == MICROSOFT["publisher"]:
        plain |= MICROSOFT
    if facts.get("setup") == SETUP["setup"]:
        plain |= SETUP
    return listed(**{**plain, **facts})
