"""The publishers' HTTP API: one path, limited in size, time and number of requests (docs/publisher-gateway.md)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hosting.gateway.answering import answer
from hosting.gateway.authentication import Authentication, Envelope
from hosting.gateway.refusals import Malformed, Refused, TooLarge, TooSlow, Unavailable
from perennial.subscription.publishers import ForPublishers

PATH = "/publisher/v1"
LARGEST_BODY = 16_384
# A sender must be allowed to finish before it reads an error; beyond this size the connection is cut.
LARGEST_READ = 64 * LARGEST_BODY
BODY_WITHIN = timedelta(seconds=10)
ANSWER_WITHIN = timedelta(seconds=25)
"""How long a request may take. A request that is not answered by then may still be carried out."""
AT_ONCE = 64

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # One connection per request: no idle connections to watch.
    "Connection": "close",
}


class Gateway:
    """The application. `clock` is the wall clock; the other options are limits."""

    def __init__(
        self,
        authentication: Authentication,
        publishers: ForPublishers,
        clock: Callable[[], datetime],
        *,
        at_once: int = AT_ONCE,
        body_within: timedelta = BODY_WITHIN,
        answer_within: timedelta = ANSWER_WITHIN,
    ) -> None:
        self._authentication = authentication
        self._publishers = publishers
        self._clock = clock
        self._turns = asyncio.Semaphore(at_once)
        self._body_within = body_within.total_seconds()
        self._answer_within = answer_within.total_seconds()

    @property
    def app(self) -> Starlette:
        """The ASGI application."""
        app = Starlette(
            routes=[Route(PATH, self._endpoint, methods=["POST"])],
            exception_handlers={Refused: _refused, HTTPException: _elsewhere, Exception: _failed},
        )
        # A redirect would send a signed request to another address.
        app.router.redirect_slashes = False
        return app

    async def _endpoint(self, request: Request) -> Response:
        body = await self._body(request)
        # One instant for all checks: a request that is fresh now is still remembered a moment later.
        now = self._clock()
        sender = self._authentication.sender(Envelope.of(request.headers.getlist), body, now)
        # Only authenticated senders take a turn, so that strangers cannot use them up.
        if self._turns.locked():
            raise Unavailable("Too many requests are being answered.")
        async with self._turns:
            try:
                async with asyncio.timeout(self._answer_within):
                    reply = await answer(self._publishers, sender, body, now)
            except TimeoutError:
                raise Unavailable from None
        return Response(reply.content.model_dump_json(), reply.status, _HEADERS, media_type="application/json")

    async def _body(self, request: Request) -> bytes:
        """The whole body, whatever length its header claims. Raises TooLarge, TooSlow or Malformed."""
        body, read = bytearray(), 0
        said = request.headers.get("content-length", "")
        too_large = TooLarge(f"The body may have at most {LARGEST_BODY} bytes.")
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
            raise TooSlow(f"The body must arrive within {self._body_within:g} seconds.") from None
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
    """The answer for another path or method."""
    assert isinstance(error, HTTPException)
    kind = "WrongMethod" if error.status_code == 405 else "NotFound"
    return _error(error.status_code, kind, f"Only POST {PATH} is served here.", dict(error.headers or {}))


async def _failed(_: Request, __: Exception) -> Response:
    return _error(500, "Failed", "An internal error; it has been logged.", {})


def _error(status: int, kind: str, message: str, headers: dict[str, str]) -> Response:
    return JSONResponse({"error": {"type": kind, "message": message}}, status, {**headers, **_HEADERS})
