"""A publisher that signs what it sends."""

import itertools
import json
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr
from standardwebhooks import Webhook

from activities.notifications.publishers import Endpoint, Publishers
from tests.support.publisher.secrets import secret

CONTOSO, CONTOSOS_NEXT, WINGTIP, STRANGER = (secret(word) for word in ("contoso", "next", "wingtip", "stranger"))

_numbers = itertools.count(1)


def endpoint(publisher: str, *secrets: str) -> Endpoint:
    keys = tuple(SecretStr(each) for each in secrets)
    return Endpoint(id=publisher, url="https://example.com/hook", secrets=keys)


PUBLISHERS = Publishers(publishers=(endpoint("contoso", CONTOSO, CONTOSOS_NEXT), endpoint("wingtip", WINGTIP)))


def new_id() -> str:
    """A request id that no other test uses."""
    return f"request-{next(_numbers)}"


def encoded(asked: dict[str, Any]) -> bytes:
    return json.dumps(asked).encode()


def signed(
    body: bytes,
    *,
    by: str = CONTOSO,
    publisher: str = "contoso",
    request_id: str | None = None,
    at: datetime | None = None,
) -> dict[str, str]:
    """The headers of a request with that body."""
    at, request_id = at or datetime.now(UTC), request_id or new_id()
    return {
        "perennial-publisher": publisher,
        "webhook-id": request_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(by).sign(request_id, at, body.decode()),
    }
