"""The one address at which a worker is watched."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.adapters.http_server import CannotListen, HttpServer
from activities.settings import LOOPBACK, Settings
from activities.wall_clock import wall_clock
from hosting.build import build_of
from hosting.embedded.ports import free_ports
from hosting.monitoring.gauges import Gauges
from hosting.monitoring.pages import Pages
from hosting.monitoring.readiness import Readiness
from hosting.monitoring.works import Works
from hosting.temporal.errors import PortInUse


class Monitoring:
    """Shows a worker at `address`; nothing where that is None.

    A client must be connected with `exporter` for its metrics to be shown: the SDK's runtime exports them there.
    """

    def __init__(self, exporter: str | None = None) -> None:
        self.address: str | None = None
        self.exporter = exporter
        self.readiness = Readiness()
        self._gauges: Gauges | None = None

    @asynccontextmanager
    async def of(self, works: Works) -> AsyncIterator[None]:
        """Inside, the worker is shown as running; afterwards, as stopping."""
        if self.exporter is None:
            yield
            return
        self._gauges = Gauges(works, wall_clock)
        self.readiness.started(works)
        try:
            yield
        finally:
            self._gauges = None
            self.readiness.stopping()

    async def refresh(self) -> None:
        """Set the gauges anew, if the worker runs."""
        if self._gauges is not None:
            await self._gauges.refresh()


@asynccontextmanager
async def monitoring(settings: Settings) -> AsyncIterator[Monitoring]:
    """Answer at the settings' address from now on: a worker that starts is not ready yet. Raises PortInUse."""
    if settings.metrics_address is None:
        yield Monitoring()
        return
    (free,) = free_ports(1)
    monitor = Monitoring(f"{LOOPBACK}:{free}")
    pages = Pages(monitor.readiness, monitor.refresh, f"{LOOPBACK}:{free}", build_of(settings), wall_clock())
    host, _, port = settings.metrics_address.rpartition(":")
    server = HttpServer(pages.app, host.strip("[]"), int(port), proxy_headers=False, server_header=False)
    try:
        await server.__aenter__()
    except (CannotListen, OverflowError) as error:
        raise PortInUse(
            f"Metrics cannot be served at {settings.metrics_address} ({error}): set PERENNIAL_METRICS_ADDRESS to "
            "another address, or unset it; port 0 is any free one."
        ) from None
    monitor.address = server.address
    try:
        yield monitor
    finally:
        await server.__aexit__()
        await pages.close()
