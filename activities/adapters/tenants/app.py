"""The tenant service over HTTP: a page for people, JSON for provisioning.

GET  /                                   the sign-in page; POST /sign-in its form
POST /api/tenants/{id}/grant             also revoke, purge: a ProvisionInput; 200 and its Confirmation
POST /api/tenants/{id}/sign-in           {"user": ...}; 200, 403, 404, or 410 once deleted
GET  /api/tenants/{id}/data?user=admin   the same, with the documents

Errors are {"error": "..."}: refused 409, malformed 422, too large 413, not JSON 415, unavailable 503.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from html import escape
from typing import Self
from urllib.parse import parse_qs

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from activities.adapters.http_server import CannotListen, HttpServer
from activities.adapters.tenants.store import TenantStore
from activities.errors import TenantRefused, TenantsUnavailable, one_line
from activities.provisioning.contracts import Confirmation, ProvisionInput
from activities.provisioning.door import Door, Visit

LARGEST_BODY = 65_536
STATUS = {Door.OPEN: 200, Door.TURNED_AWAY: 403, Door.UNKNOWN: 404, Door.GONE: 410}

Endpoint = Callable[[Request], Awaitable[Response]]

# The page loads nothing, and no other site can show it in a frame.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
}
_STYLE = "body{font:1.1rem system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem}label,input,button{display:block}"


class TenantServer:
    """`async with TenantServer(store, port) as server: ... server.address`. Port 0 takes any free port.

    It listens on the loopback address only, because every caller can change a tenant's access. Raises
    TenantsUnavailable if the port is in use.
    """

    def __init__(self, store: TenantStore, port: int = 0) -> None:
        self._server = HttpServer(tenant_app(store), port=port)
        self._port = port

    @property
    def address(self) -> str:
        """http://host:port, after entering."""
        return self._server.address

    async def __aenter__(self) -> Self:
        try:
            await self._server.__aenter__()
        except CannotListen as error:
            raise TenantsUnavailable(
                f"The tenant service cannot listen on port {self._port} ({error}): "
                "choose another with PERENNIAL_TENANTS_PORT, or 0 for any free one."
            ) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.__aexit__()


def tenant_app(store: TenantStore) -> Starlette:
    """The HTTP application for the store."""
    return Starlette(
        routes=[
            Route("/", _page),
            Route("/sign-in", _page_sign_in(store), methods=["POST"]),
            Route("/api/tenants/{tenant}/grant", _change(store.grant), methods=["POST"]),
            Route("/api/tenants/{tenant}/revoke", _change(store.revoke), methods=["POST"]),
            Route("/api/tenants/{tenant}/purge", _change(store.purge), methods=["POST"]),
            Route("/api/tenants/{tenant}/sign-in", _sign_in(store), methods=["POST"]),
            Route("/api/tenants/{tenant}/data", _data(store)),
        ],
        exception_handlers={HTTPException: _said, TenantRefused: _failed, TenantsUnavailable: _failed},
    )


async def _page(request: Request) -> Response:
    return sign_in_page(tenant=request.query_params.get("tenant", ""))


def _page_sign_in(store: TenantStore) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        form = parse_qs((await _body(request)).decode(errors="replace"))
        tenant, user = (form.get(name, [""])[0].strip() for name in ("tenant", "user"))
        visit = await asyncio.to_thread(store.sign_in, tenant, user)
        return sign_in_page(tenant, user, visit.words, STATUS[visit.door])

    return endpoint


def _change(perform: Callable[[ProvisionInput], Confirmation]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            change = ProvisionInput.model_validate_json(await _json(request))
        except ValidationError as error:
            raise HTTPException(422, one_line(str(error))) from None
        if change.subscription_id != request.path_params["tenant"]:
            raise HTTPException(422, "The tenant of the path and the subscription_id of the body differ.")
        confirmation = await asyncio.to_thread(perform, change)
        return Response(confirmation.model_dump_json(), media_type="application/json")

    return endpoint


def _sign_in(store: TenantStore) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            user = json.loads(await _json(request))["user"]
        except (ValueError, TypeError, KeyError):
            raise HTTPException(422, 'The body takes {"user": "..."}.') from None
        return _visited(await asyncio.to_thread(store.sign_in, request.path_params["tenant"], str(user)))

    return endpoint


def _data(store: TenantStore) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        user = request.query_params.get("user", "")
        return _visited(await asyncio.to_thread(store.admin_read, request.path_params["tenant"], user))

    return endpoint


def _visited(visit: Visit) -> Response:
    return Response(visit.model_dump_json(), STATUS[visit.door], media_type="application/json")


async def _json(request: Request) -> bytes:
    # Another site's page can make a browser post forms here, but not JSON, without asking first.
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "The body must be application/json.")
    return await _body(request)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, f"The body must have at most {LARGEST_BODY} bytes.")
    return body


async def _said(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)


async def _failed(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 409 if isinstance(error, TenantRefused) else 503)


def sign_in_page(tenant: str = "", user: str = "", words: str = "", status: int = 200) -> HTMLResponse:
    """The form with its last input, and the answer above it."""
    answer = f'<p role="status"><strong>{escape(words)}</strong></p>' if words else ""
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title><style>{_STYLE}</style></head>
<body><h1>Sign in</h1>{answer}
<form method="post" action="/sign-in">
<label for="tenant">Tenant</label><input id="tenant" name="tenant" value="{escape(tenant)}" required>
<label for="user">User</label><input id="user" name="user" value="{escape(user)}" required>
<button>Sign in</button></form>
<p>A tenant has the id of its subscription; its users are <code>user</code> and <code>admin</code>.</p>
</body></html>
"""
    return HTMLResponse(page, status, _HEADERS)
