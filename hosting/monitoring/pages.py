"""The pages of a worker for those who watch it: /metrics, /health and /ready."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from domain.values import format_instant
from hosting.monitoring.readiness import Readiness

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
"""The content type of Prometheus' text format."""
UNAVAILABLE = 503


class Pages:
    """`refresh` sets the gauges anew; `exporter` is where the SDK's runtime exports all metrics of this process.

    `build` and `since` say which program answers, and when it started.
    """

    def __init__(
        self,
        readiness: Readiness,
        refresh: Callable[[], Awaitable[None]],
        exporter: str,
        build: str,
        since: datetime,
    ) -> None:
        self._readiness = readiness
        self._refresh = refresh
        self._exporter = httpx2.AsyncClient(base_url=f"http://{exporter}", trust_env=False)
        self._of_us = {"build": build, "since": format_instant(since)}
        self.app = Starlette(
            routes=[
                Route("/metrics", self._metrics),
                Route("/health", self._health),
                Route("/ready", self._ready),
            ]
        )

    async def close(self) -> None:
        """Close the connections to the exporter."""
        await self._exporter.aclose()

    async def _metrics(self, _: Request) -> Response:
        await self._refresh()
        try:
            exported = await self._exporter.get("/metrics")
            exported.raise_for_status()
        except httpx2.HTTPError:
            return PlainTextResponse("The worker is starting: it has no metrics yet.\n", UNAVAILABLE)
        return Response(exported.content, media_type=EXPOSITION)

    async def _health(self, _: Request) -> Response:
        """That this answers says that the event loop, in which the worker runs too, is not blocked."""
        return JSONResponse({"status": "ok", **self._of_us})

    async def _ready(self, _: Request) -> Response:
        found = await self._readiness.checks()
        ready = not any(found.values())
        checks = {name: {"ok": why is None, **({"why": why} if why else {})} for name, why in found.items()}
        body = {"status": "ready" if ready else "not ready", "checks": checks, **self._of_us}
        return JSONResponse(body, status_code=200 if ready else UNAVAILABLE)
