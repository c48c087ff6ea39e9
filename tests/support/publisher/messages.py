"""Messages as Perennial sends them, signed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx2
from standardwebhooks import Webhook

from tests.support.publisher.secrets import secret

SECRET = secret("contoso")
AT = "2026-11-26T09:00:00Z"


@dataclass(frozen=True)
class Sent:
    """What a publisher receives."""

    headers: dict[str, str]
    body: bytes


def signed(webhook_id: str, body: bytes, secrets: Sequence[str] = (SECRET,), *, at: datetime | None = None) -> Sent:
    """The body with its headers; `at` is now when left out."""
    moment = at or datetime.now(UTC)
    signatures = [Webhook(one).sign(webhook_id, moment, body.decode()) for one in secrets]
    return Sent(
        {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": " ".join(signatures),
            "content-type": "application/json",
        },
        body,
    )


def content(subscription_id: str, sequence: int, previous: int, **data: object) -> dict[str, object]:
    """A message's JSON in our own dialect; `data` replaces fields of its data."""
    event = data.get("event", "purchased")
    return {
        "type": f"subscription.{event}",
        "timestamp": AT,
        "data": {
            "subscription_id": subscription_id,
            "customer_id": "fabrikam",
            "offer_id": "contoso-crm",
            "sequence": sequence,
            "previous": previous,
            "at": AT,
            "event": event,
            "state": "active",
            "rule": "BUY-4",
            "reason": None,
            "auto_renew": True,
            "quantity": 3,
            "add_ons": {"backup": 1},
            **data,
        },
    }


def message(
    subscription_id: str, sequence: int, previous: int, *, secrets: Sequence[str] = (SECRET,), **data: object
) -> Sent:
    """A signed message in our own dialect."""
    body = json.dumps(content(subscription_id, sequence, previous, **data)).encode()
    return signed(f"{subscription_id}:{sequence}", body, secrets)


def microsoft(subscription_id: str, sequence: int, previous: int, action: str, quantity: int = 3) -> Sent:
    """A signed message in Microsoft's dialect."""
    body = {
        "id": "4a2f5e8c-0000-5000-8000-000000000001",
        "activityId": "4a2f5e8c-0000-5000-8000-000000000001",
        "action": action,
        "publisherId": "contoso",
        "offerId": "contoso-crm",
        "planId": "contoso-crm",
        "quantity": quantity,
        "subscriptionId": "4a2f5e8c-0000-5000-8000-000000000002",
        "perennialSubscriptionId": subscription_id,
        "timeStamp": AT,
        "status": "InProgress",
        "operationRequestSource": "Azure",
        "sequence": sequence,
        "previous": previous,
    }
    return signed(f"{subscription_id}:{sequence}", json.dumps(body).encode())


async def send(client: httpx2.AsyncClient, sent: Sent, *, seconds: float = 10) -> httpx2.Response:
    """The publisher's answer. Raises httpx2.TransportError if it does not come in time."""
    return await client.post("/webhooks", content=sent.body, headers=sent.headers, timeout=seconds)


MAX_QUANTITY = 100
