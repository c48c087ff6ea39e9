"""The tenant service on a port of its own, inside this process."""

from typing import Self

from activities.adapters.http_server import CannotListen, HttpServer
from activities.adapters.tenants.app import tenant_app
from activities.adapters.tenants.store import TenantStore
from activities.errors import TenantsUnavailable


class TenantServer:
    """`async with TenantServer(store, port) as server: ... server.address`. A port of 0 is any free one.

    On the loopback only: whoever reaches it can change a tenant's access. Raises TenantsUnavailable where
    the port is another's.
    """

    def __init__(self, store: TenantStore, port: int = 0) -> None:
        self._server = HttpServer(tenant_app(store), port=port)
        self._port = port

    @property
    def address(self) -> str:
        """http://host:port, once it is entered."""
        return self._server.address

    async def __aenter__(self) -> Self:
        try:
            await self._server.__aenter__()
        except CannotListen as error:
            raise TenantsUnavailable(
                f"The tenant service cannot have port {self._port} ({error}): "
                "choose another by PERENNIAL_TENANTS_PORT, or 0 for any free one."
            ) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.__aexit__()
