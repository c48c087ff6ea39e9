"""A client of the marketplace's publisher gateway: one signed POST per request."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError
from standardwebhooks import Webhook

SECONDS = 10.0
"""The timeout of a request."""
LARGEST_ANSWER = 65_536
"""Bytes."""
PATH = "/publisher/v1"

T = TypeVar("T")


class GatewayAway(Exception):
    """The gateway did not answer, or not as agreed. The message is one line. Retrying may help."""


class GatewayRefused(Exception):
    """The gateway refused: `kind` is the type of its error, the text its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Said(BaseModel):
    # Fields that the gateway adds later are ignored.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Purchase(_Said):
    """The purchase of a set-up token."""

    subscription_id: str
    customer: str
    offer: str
    quantity: int
    add_ons: dict[str, int] = {}
    state: str
    ordered_at: datetime
    expires_at: datetime


class Answer(_Said):
    """The answer to a request. `outcome` is `refused` if the rule in `rule` refuses it."""

    outcome: str
    rule: str | None = None
    message: str | None = None
    seq: int | None = None
    effective_at: datetime | None = None


class Details(_Said):
    """A subscription's current state."""

    subscription_id: str
    customer: str
    offer: str
    state: str
    quantity: int
    add_ons: dict[str, int] = {}
    auto_renew: bool | None = None
    trial_end: datetime | None = None


class Gateway:
    """`async with Gateway(address, "contoso", secrets) as gateway`. Requests are signed with the first secret.

    Every request raises GatewayAway and GatewayRefused; neither shows a token or a secret.
    """

    def __init__(self, address: str, publisher: str, secrets: Sequence[str], *, seconds: float = SECONDS) -> None:
        self.address = address.rstrip("/")
        self._publisher = publisher
        self._key = Webhook(secrets[0])
        # No settings from the environment: a proxy for other traffic must not see tokens.
        self._client = httpx2.AsyncClient(timeout=seconds, trust_env=False, follow_redirects=False)

    async def resolve(self, token: str) -> Purchase:
        """The purchase of this token, in any state."""
        return await self._ask(Purchase.model_validate, do="resolve", token=token)

    async def activate(self, subscription_id: str, token: str) -> Answer:
        """Activate the subscription: its trial or first term begins now. A refusal by a rule is an answer."""
        return await self._ask(Answer.model_validate, do="activate", subscription_id=subscription_id, token=token)

    async def reject_quantity(self, subscription_id: str, sequence: int, reason: str) -> Answer:
        """Reject the change of quantity in message `sequence`. A refusal by a rule is an answer."""
        return await self._ask(
            Answer.model_validate,
            do="reject_quantity",
            subscription_id=subscription_id,
            sequence=sequence,
            reason=reason,
        )

    async def details(self, subscription_id: str) -> Details:
        """The subscription's current state."""
        return await self._ask(Details.model_validate, do="details", subscription_id=subscription_id)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(self, read: Callable[[object], T], **question: object) -> T:
        status, said = await self._post(json.dumps(question))
        error = said.get("error")
        if isinstance(error, Mapping):
            kind, message = str(error.get("type", "")), str(error.get("message", ""))
            if kind == "Unavailable":
                raise GatewayAway(message or "The gateway cannot answer now.")
            raise GatewayRefused(kind, message or f"The gateway refuses with {status}.")
        try:
            return read(said)
        except ValidationError as fault:
            fields = ", ".join(".".join(map(str, one["loc"])) for one in fault.errors())
            raise GatewayAway(f"The gateway's answer ({status}) is not as agreed: {fields}.") from None

    async def _post(self, body: str) -> tuple[int, Mapping[str, Any]]:
        # A new id for each request, also for a retry: the gateway refuses a repeated id as a replay.
        request_id, now = f"{self._publisher}:{uuid4()}", datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "perennial-publisher": self._publisher,
            "webhook-id": request_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._key.sign(request_id, now, body),
        }
        try:
            async with self._client.stream("POST", self.address + PATH, content=body, headers=headers) as response:
                content = b""
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > LARGEST_ANSWER:
                        raise GatewayAway(f"The answer from {self.address} is too long for a gateway's.")
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise GatewayAway(f"The gateway at {self.address} does not answer ({reason}).") from None
        try:
            said = json.loads(content)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise GatewayAway(f"The server at {self.address} is not a gateway: {response.status_code}, no JSON object.")
        return response.status_code, said
