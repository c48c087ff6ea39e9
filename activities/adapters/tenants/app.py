"""The tenant service over HTTP: a page for people, JSON for those who provision.

GET  /                                   the sign-in page; POST /sign-in its form
POST /api/tenants/{id}/grant             also revoke, purge: a ProvisionInput; 200 and its Confirmation
POST /api/tenants/{id}/sign-in           {"user": ...}; 200, 403, 404, or 410 once deleted
GET  /api/tenants/{id}/data?user=admin   the same, with the documents

Refused is 409, malformed 422, too large 413, no JSON 415, and 503 what may pass; each {"error": "..."}.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activities.adapters.tenants.door import Door, Visit
from activities.adapters.tenants.page import sign_in_page
from activities.adapters.tenants.store import TenantStore
from activities.errors import TenantRefused, TenantsUnavailable, one_line
from activities.provisioning.contracts import Confirmation, ProvisionInput

LARGEST_BODY = 65_536
STATUS = {Door.OPEN: 200, Door.TURNED_AWAY: 403, Door.UNKNOWN: 404, Door.GONE: 410}

Endpoint = Callable[[Request], Awaitable[Response]]


def tenant_app(store: TenantStore) -> Starlette:
    """The application over the store."""
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
        exception_handlers={HTTPException: _said, TenantRefused: _refused, TenantsUnavailable: _unavailable},
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
    # A web page elsewhere can make a browser post forms to us, but not this type unasked.
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "The body must be application/json.")
    return await _body(request)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, f"The body must have {LARGEST_BODY} bytes at most.")
    return body


async def _said(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)


async def _refused(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 409)


async def _unavailable(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 503)
