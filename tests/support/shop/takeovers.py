"""Rows of running subscriptions, as another system writes them: of the licence `crm`, monthly, USD 10.00."""

import json
from typing import Any

from domain.takeover.row import TakeoverRow
from tests.support.shop.offers import BACKUP, listed_fields

CATALOG: dict[str, Any] = {
    "partners": [{"id": "litware", "name": "Litware"}],
    "customers": [
        {
            "id": "fabrikam",
            "name": "Fabrikam",
            "partner": "litware",
            "country": "US",
            "segment": "commercial",
            "account_opened": "2026-01-05T09:00:00Z",
        }
    ],
    "offers": [
        listed_fields(id="crm", add_ons=[BACKUP]),
        listed_fields(id="solo", one_per_customer=True),
        listed_fields(id="tried", trial_days=30),
    ],
}
"""Who has them, and what they are of, as a file that is imported first."""
ACTIVE: dict[str, Any] = {
    "subscription_id": "s-1",
    "customer": "fabrikam",
    "offer": "crm",
    "state": "active",
    "quantity": 3,
    "add_ons": {"backup": 1},
    "unit_price": "9.00",
    "ordered_at": "2026-01-31T09:00:00Z",
    "anchor": "2026-01-31T09:00:00Z",
    "term_start": "2026-02-28T09:00:00Z",
    "term_end": "2026-03-31T09:00:00Z",
    "paid_until": "2026-03-31T09:00:00Z",
}
"""In its second month, which is paid."""
NO_TERM: dict[str, Any] = dict.fromkeys(("anchor", "term_start", "term_end", "paid_until"))
TRIAL = {**ACTIVE, **NO_TERM, "state": "trial", "trial_end": "2026-04-01T00:00:00Z"}
HELD = [{"reason": "nonpayment", "at": "2026-03-05T00:00:00Z"}]
SUSPENDED = {**ACTIVE, "state": "suspended", "holds": HELD}
PAUSED = [{"reason": "customer_request", "at": "2026-03-05T00:00:00Z", "until": "2026-03-20T00:00:00Z"}]
AS_OF = "2026-03-10T12:00:00Z"


def row_of(fields: dict[str, Any], **changes: Any) -> TakeoverRow:
    """The row; a field that is None is left out."""
    given = {name: value for name, value in {**fields, **changes}.items() if value is not None}
    return TakeoverRow.model_validate_json(json.dumps(given))
