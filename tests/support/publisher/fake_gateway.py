"""A gateway made from the protocol's description alone, to test what asks one. It is not ours."""

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ORDERED_AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
STATUS = {
    "Unsigned": 401,
    "BadSignature": 401,
    "Stale": 401,
    "Replayed": 409,
    "Malformed": 400,
    "TokenRefused": 403,
    "NotYours": 403,
    "Unknown": 404,
    "TooLarge": 413,
    "Unavailable": 503,
}


@dataclass
class Bought:
    """A purchase that waits for its publisher."""

    subscription_id: str
    customer: str = "fabrikam"
    offer: str = "contoso-crm"
    quantity: int = 3
    add_ons: dict[str, int] = field(default_factory=lambda: {"backup": 2})
    state: str = "pending"
    trial_end: datetime | None = ORDERED_AT + timedelta(days=30)
    expires_at: datetime = ORDERED_AT + timedelta(hours=24)
    expired: bool = False


class Refused(Exception):
    """An error of the protocol."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class FakeGateway:
    """`async with FakeGateway(secret) as gateway`: `purchases` by their tokens; `asked` is every question taken.

    `away` answers Unavailable; `instead` is an answer to give to everything, with its status.
    """

    def __init__(self, secret: str, publisher: str = "contoso") -> None:
        self.purchases: dict[str, Bought] = {}
        self.asked: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.away = False
        self.instead: tuple[int, bytes] | None = None
        self.rule: tuple[str, str] | None = None
        """By which rule it refuses to activate or to reject, and its message."""
        self._key = Webhook(secret)
        self._publisher = publisher
        app = Starlette(routes=[Route("/publisher/v1", self._endpoint, methods=["POST"])])
        self._server = _Unsignalled(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        )
        self._socket = socket.create_server(("127.0.0.1", 0))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._serving
        self._socket.close()

    async def _endpoint(self, request: Request) -> Response:
        try:
            question = self._verified(request, await request.body())
            if self.instead:
                return Response(self.instead[1], self.instead[0])
            if self.away:
                raise Refused("Unavailable", "The books cannot be read now.")
            self.asked.append(question)
            return self._answer(question)
        except Refused as refused:
            error = {"type": refused.kind, "message": str(refused)}
            return JSONResponse({"error": error}, STATUS[refused.kind])

    def _verified(self, request: Request, body: bytes) -> dict[str, Any]:
        if len(body) > 16_384:
            raise Refused("TooLarge", "16 KiB at most.")
        request_id = request.headers.get("webhook-id", "")
        if not re.fullmatch(r"[A-Za-z0-9_:.-]{1,200}", request_id):
            raise Refused("Unsigned", "Without webhook-id.")
        if request.headers.get("perennial-publisher") != self._publisher:
            raise Refused("BadSignature", "No such publisher.")
        try:
            self._key.verify(body, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            raise Refused("BadSignature", "The signature is not of a secret of this publisher.") from None
        if request_id in self.ids:
            raise Refused("Replayed", "This webhook-id has been used.")
        self.ids.append(request_id)
        question = json.loads(body)
        assert isinstance(question, dict)
        return question

    def _answer(self, question: dict[str, Any]) -> Response:
        if question["do"] in {"resolve", "activate"}:
            bought = self._of(question["token"])
        else:
            bought = self._named(question["subscription_id"])
        match question["do"]:
            case "resolve":
                names = ("subscription_id", "customer", "offer", "quantity", "add_ons", "state")
                instants = {"ordered_at": stamp(ORDERED_AT), "expires_at": stamp(bought.expires_at)}
                return JSONResponse({**{name: getattr(bought, name) for name in names}, **instants})
            case "details":
                names = ("subscription_id", "customer", "offer", "state", "quantity", "add_ons")
                end = stamp(bought.trial_end) if bought.trial_end else None
                known = {name: getattr(bought, name) for name in names}
                return JSONResponse({**known, "auto_renew": True, "trial_end": end, "allowed": ["cancel"]})
            case "activate" if not self.rule:
                outcome = "done" if bought.state == "pending" else "unchanged"
                if outcome == "done":
                    bought.state = "trial" if bought.trial_end else "active"
                return _answered("activate", outcome)
            case "reject_quantity" if not self.rule:
                return _answered("reject_quantity", "done")
        assert self.rule is not None
        return _answered(question["do"], "refused", *self.rule)

    def _of(self, token: str) -> Bought:
        if token not in self.purchases:
            raise Refused("TokenRefused", "No purchase has this token.")
        if self.purchases[token].expired:
            raise Refused("TokenRefused", "The token has expired.")
        return self.purchases[token]

    def _named(self, subscription_id: str) -> Bought:
        for bought in self.purchases.values():
            if bought.subscription_id == subscription_id:
                return bought
        raise Refused("Unknown", f"There is no subscription {subscription_id}.")


def stamp(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _answered(do: str, outcome: str, rule: str | None = None, message: str | None = None) -> Response:
    answer = {"do": do, "outcome": outcome, "rule": rule, "message": message, "seq": 2, "effective_at": None}
    return JSONResponse(answer, 409 if outcome == "refused" else 200)


class _Unsignalled(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
