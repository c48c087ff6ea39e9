"""Middleware for every endpoint: it adds security headers and limits the pages to this machine."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    # A URL can contain a token: no cache may keep it, and no other site may see it.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
HOSTS = frozenset({"127.0.0.1", "localhost"})
OPEN = frozenset({"/webhooks", "/healthz"})


class Front:
    """Adds the headers. Pages are served only under this machine's names: any other may be a site that spies."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        host = Headers(scope=scope).get("host", "").rpartition(":")[0] or Headers(scope=scope).get("host", "")
        allowed = host in HOSTS or scope["path"] in OPEN
        answer = self._app if allowed else PlainTextResponse("These pages are for this machine alone.\n", 421)
        await answer(scope, receive, send_with_headers)
