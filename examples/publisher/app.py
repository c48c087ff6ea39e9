"""The publisher over HTTP: pages for people, JSON for tests, and the endpoint that receives notifications.

POST /webhooks                               a notification; 200, or why not
GET  /set-up?token=...                       a buyer's page; POST /set-up its form
GET  /events, /subscriptions, /faults        pages; each with .json the same for programs
PUT  /faults                                 a Board as JSON; a switch that is left out is off
GET  /healthz                                {"status": "ok"}
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from examples.publisher import set_up, webhooks
from examples.publisher.desk import Desk
from examples.publisher.front import Front
from examples.publisher.log import Entry
from examples.publisher.pages.events import events_page
from examples.publisher.pages.set_up import problem_page
from examples.publisher.pages.subscriptions import subscriptions_page
from examples.publisher.switches import Switches

PAGE = 50
LARGEST_PAGE = 1000
_FILES = Path(__file__).parent / "pages"

Endpoint = Callable[[Request, Desk], Awaitable[Response]]


def publisher_app(desk: Desk) -> Starlette:
    """The HTTP application of this publisher."""

    def at(path: str, endpoint: Endpoint, *methods: str) -> Route:
        async def at_desk(request: Request) -> Response:
            return await endpoint(request, desk)

        return Route(path, at_desk, methods=list(methods or ("GET",)))

    async def said(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if (
            request.url.path in {"/webhooks", "/healthz"}
            or request.url.path.endswith(".json")
            or request.method == "PUT"
        ):
            return JSONResponse({"error": error.detail}, error.status_code, error.headers)
        words = "This page does not exist." if error.status_code == 404 else error.detail
        return problem_page(desk.publisher, error.status_code, words, title=f"Error {error.status_code}")

    async def broken(_: Request, error: Exception) -> Response:
        return JSONResponse({"error": f"The publisher's file cannot be used now: {error}."}, 503)

    switches = Switches(desk)
    return Starlette(
        routes=[
            at("/webhooks", webhooks.receive, "POST"),
            at("/set-up", set_up.show),
            at("/set-up", set_up.activate, "POST"),
            at("/", _events),
            at("/events", _events),
            at("/events.json", _events_json),
            at("/subscriptions", _subscriptions),
            at("/subscriptions.json", _subscriptions_json),
            Route("/faults", switches.show),
            Route("/faults", switches.set, methods=["POST"]),
            Route("/faults", switches.put, methods=["PUT"]),
            Route("/faults.json", switches.read),
            Route("/healthz", _health),
            Route("/style.css", lambda _: FileResponse(_FILES / "style.css")),
            Route("/icon.svg", lambda _: FileResponse(_FILES / "icon.svg")),
        ],
        middleware=[Middleware(Front)],
        exception_handlers={HTTPException: said, sqlite3.Error: broken},
    )


async def _entries(request: Request, desk: Desk, limit: int) -> tuple[list[Entry], bool]:
    """At most `limit` entries, and whether there are older ones."""
    subscription, before = request.query_params.get("subscription", "").strip(), _number(request, "before", None)
    found = await asyncio.to_thread(desk.log.page, subscription, before=before, limit=limit + 1)
    return found[:limit], len(found) > limit


async def _events(request: Request, desk: Desk) -> Response:
    entries, more = await _entries(request, desk, PAGE)
    figures = await asyncio.to_thread(desk.log.figures)
    subscription = request.query_params.get("subscription", "").strip()
    return events_page(
        desk.publisher, entries, figures, subscription, more=more, later="before" in request.query_params
    )


async def _events_json(request: Request, desk: Desk) -> Response:
    limit = _number(request, "limit", PAGE)
    assert limit is not None
    entries, more = await _entries(request, desk, min(limit, LARGEST_PAGE))
    figures = await asyncio.to_thread(desk.log.figures)
    return JSONResponse(
        {
            "events": [asdict(entry) for entry in entries],
            "figures": asdict(figures),
            "before": entries[-1].number if more and entries else None,
        }
    )


async def _subscriptions(request: Request, desk: Desk) -> Response:
    known = await asyncio.to_thread(desk.known.page, after=request.query_params.get("after", ""), limit=PAGE + 1)
    count, rejections = await asyncio.to_thread(lambda: (desk.known.count(), desk.rejections.all()))
    return subscriptions_page(desk.publisher, count, known[:PAGE], rejections, more=len(known) > PAGE)


async def _subscriptions_json(request: Request, desk: Desk) -> Response:
    after = request.query_params.get("after", "")
    known = await asyncio.to_thread(desk.known.page, after=after, limit=LARGEST_PAGE + 1)
    count, rejections = await asyncio.to_thread(lambda: (desk.known.count(), desk.rejections.all()))
    return JSONResponse(
        {
            "count": count,
            "subscriptions": [asdict(one) for one in known[:LARGEST_PAGE]],
            "after": known[LARGEST_PAGE - 1].subscription_id if len(known) > LARGEST_PAGE else None,
            "rejections": [asdict(one) for one in rejections],
        }
    )


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _number(request: Request, name: str, default: int | None) -> int | None:
    given = request.query_params.get(name, "")
    if not given:
        return default
    if not given.isascii() or not given.isdigit() or len(given) > 15 or int(given) == 0:
        raise HTTPException(400, f"{name} takes a whole number from 1, not {given[:40]!r}.")
    return int(given)
