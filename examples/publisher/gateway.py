"""The marketplace's gateway, as a publisher asks it: one signed POST a question."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError
from standardwebhooks import Webhook

SECONDS = 10.0
"""How long an answer is waited for."""
LARGEST_ANSWER = 65_536
"""Bytes."""
PATH = "/publisher/v1"

T = TypeVar("T")


class GatewayAway(Exception):
    """No answer, or none of a gateway: one line. It can be asked again."""


class GatewayRefused(Exception):
    """The gateway says no: `kind` is its error's type, the text its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Said(BaseModel):
    # What the gateway learns to say later is no error here.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Purchase(_Said):
    """What a token stands for."""

    subscription_id: str
    customer: str
    offer: str
    quantity: int
    add_ons: dict[str, int] = {}
    state: str
    ordered_at: datetime
    expires_at: datetime


class Answer(_Said):
    """What came of a request; `outcome` is `refused` where the rule named by `rule` says no."""

    outcome: str
    rule: str | None = None
    message: str | None = None
    seq: int | None = None
    effective_at: datetime | None = None


class Details(_Said):
    """A subscription as it stands."""

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

    Every question raises GatewayAway and GatewayRefused; neither shows a token or a secret.
    """

    def __init__(self, address: str, publisher: str, secrets: Sequence[str], *, seconds: float = SECONDS) -> None:
        self.address = address.rstrip("/")
        self._publisher = publisher
        self._key = Webhook(secrets[0])
        # Nothing of the environment: a proxy that is meant for other traffic must not see tokens.
        self._client = httpx2.AsyncClient(timeout=seconds, trust_env=False, follow_redirects=False)

    async def resolve(self, token: str) -> Purchase:
        """What was bought with this token, in whatever state it is."""
        return await self._ask(Purchase.model_validate, do="resolve", token=token)

    async def activate(self, subscription_id: str, token: str) -> Answer:
        """Trial or term begin now; a refusal by a rule is an answer."""
        return await self._ask(Answer.model_validate, do="activate", subscription_id=subscription_id, token=token)

    async def reject_quantity(self, subscription_id: str, sequence: int, reason: str) -> Answer:
        """Take back the change of quantity that message `sequence` told; a refusal by a rule is an answer."""
        return await self._ask(
            Answer.model_validate,
            do="reject_quantity",
            subscription_id=subscription_id,
            sequence=sequence,
            reason=reason,
        )

    async def details(self, subscription_id: str) -> Details:
        """The subscription as it stands."""
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
        # Never the same id twice: the gateway takes a second one for a replay, also when a question is asked again.
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
                        raise GatewayAway(f"The answer from {self.address} is longer than a gateway's.")
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise GatewayAway(f"The gateway at {self.address} does not answer ({reason}).") from None
        try:
            said = json.loads(content)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise GatewayAway(f"What answers at {self.address} is no gateway: {response.status_code}, no JSON object.")
        return response.status_code, said
