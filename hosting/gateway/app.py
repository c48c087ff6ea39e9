"""The publishers' HTTP API: one path, bounded in size, time and number; docs/publisher-gateway.md describes it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hosting.gateway.answering import Answering
from hosting.gateway.authentication import Authentication, Envelope
from hosting.gateway.refusals import Malformed, Refused, TooLarge, TooSlow, Unavailable

PATH = "/publisher/v1"
LARGEST_BODY = 16_384
# A sender of more reads why only when it was let finish; of still more the connection is cut.
LARGEST_READ = 64 * LARGEST_BODY
BODY_WITHIN = timedelta(seconds=10)
ANSWER_WITHIN = timedelta(seconds=25)
"""A publisher's client does not wait for ever; what is not answered by then may still be done."""
AT_ONCE = 64

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # Each request has a connection of its own: none that is kept has to be watched.
    "Connection": "close",
}


class Gateway:
    """The application. `clock` is the wall clock; the others are bounds."""

    def __init__(
        self,
        authentication: Authentication,
        answering: Answering,
        clock: Callable[[], datetime],
        *,
        at_once: int = AT_ONCE,
        body_within: timedelta = BODY_WITHIN,
        answer_within: timedelta = ANSWER_WITHIN,
    ) -> None:
        self._authentication = authentication
        self._answering = answering
        self._clock = clock
        self._turns = asyncio.Semaphore(at_once)
        self._body_within = body_within.total_seconds()
        self._answer_within = answer_within.total_seconds()

    @property
    def app(self) -> Starlette:
        """What a server serves."""
        app = Starlette(
            routes=[Route(PATH, self._endpoint, methods=["POST"])],
            exception_handlers={Refused: _refused, HTTPException: _elsewhere, Exception: _failed},
        )
        # A redirect would lead a signed request to where it was not sent.
        app.router.redirect_slashes = False
        return app

    async def _endpoint(self, request: Request) -> Response:
        body = await self._body(request)
        # One instant for all: what is fresh now is not forgotten a moment later.
        now = self._clock()
        sender = self._authentication.sender(Envelope.of(request.headers.getlist), body, now)
        # Only who is known takes a turn: nobody else can use them up.
        if self._turns.locked():
            raise Unavailable("Too many requests are being answered.")
        async with self._turns:
            try:
                async with asyncio.timeout(self._answer_within):
                    reply = await self._answering.answer(sender, body, now)
            except TimeoutError:
                raise Unavailable from None
        return Response(reply.content.model_dump_json(), reply.status, _HEADERS, media_type="application/json")

    async def _body(self, request: Request) -> bytes:
        """All of it, whatever its length is said to be. Raises TooLarge, TooSlow or Malformed."""
        body, read = bytearray(), 0
        said = request.headers.get("content-length", "")
        too_large = TooLarge(f"The body takes {LARGEST_BODY} bytes at most.")
        if said.isdecimal() and int(said[:20]) > LARGEST_READ:
            raise too_large
        try:
            async with asyncio.timeout(self._body_within):
                async for chunk in request.stream():
                    read += len(chunk)
                    if read > LARGEST_READ:
                        break
                    if read <= LARGEST_BODY:
                        body += chunk
        except TimeoutError:
            raise TooSlow(f"The body takes {self._body_within:g} seconds at most to arrive.") from None
        except ClientDisconnect:
            raise Malformed("The body ended too early.") from None
        if read > LARGEST_BODY:
            raise too_large
        return bytes(body)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return _error(error.status, type(error).__name__, str(error), headers)


async def _elsewhere(_: Request, error: Exception) -> Response:
    """What the router says."""
    assert isinstance(error, HTTPException)
    kind = "WrongMethod" if error.status_code == 405 else "NotFound"
    return _error(error.status_code, kind, f"There is only POST {PATH} here.", dict(error.headers or {}))


async def _failed(_: Request, __: Exception) -> Response:
    return _error(500, "Failed", "This is our own fault; it has been noted.", {})


def _error(status: int, kind: str, message: str, headers: dict[str, str]) -> Response:
    return JSONResponse({"error": {"type": kind, "message": message}}, status, {**headers, **_HEADERS})
