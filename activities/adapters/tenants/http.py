"""Tenants of a service elsewhere, over HTTP."""

from datetime import timedelta
from typing import Self
from urllib.parse import quote

import httpx2
from pydantic import ValidationError

from activities.errors import TenantRefused, TenantsUnavailable
from activities.provisioning.contracts import Confirmation, ProvisionInput

TIMEOUT = timedelta(seconds=10)
# A time-out of theirs, too early, too many at once: these pass.
PASSING = frozenset({408, 425, 429})


class HttpTenants:
    """The Tenants port: `async with HttpTenants("http://127.0.0.1:8234") as tenants`.

    TenantRefused for an answer of 4xx, TenantsUnavailable for none within the time-out, for 5xx, and for
    what is no confirmation.
    """

    def __init__(self, address: str, *, timeout: timedelta = TIMEOUT) -> None:
        # Nothing of the environment: a proxy that is meant for other traffic must not see this.
        self._client = httpx2.AsyncClient(
            base_url=address, timeout=timeout.total_seconds(), trust_env=False, follow_redirects=False
        )
        self._address = address

    async def grant(self, change: ProvisionInput) -> Confirmation:
        """Users can sign in, with so many seats."""
        return await self._ask("grant", change)

    async def revoke(self, change: ProvisionInput) -> Confirmation:
        """Users are turned away (SUS-2)."""
        return await self._ask("revoke", change)

    async def purge(self, change: ProvisionInput) -> Confirmation:
        """All data is gone (SUS-3)."""
        return await self._ask("purge", change)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(self, verb: str, change: ProvisionInput) -> Confirmation:
        try:
            response = await self._client.post(
                f"/api/tenants/{quote(change.subscription_id, safe='')}/{verb}",
                content=change.model_dump_json(),
                headers={"Content-Type": "application/json"},
            )
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise TenantsUnavailable(
                f"The tenant service at {self._address} does not answer ({reason}). It is tried again."
            ) from None
        if response.is_success:
            return self._confirmation(response)
        said = f"The tenant service answers {verb} with {response.status_code}: {response.text[:500]}"
        if response.is_client_error and response.status_code not in PASSING:
            raise TenantRefused(said)
        raise TenantsUnavailable(said)

    def _confirmation(self, response: httpx2.Response) -> Confirmation:
        try:
            return Confirmation.model_validate_json(response.content)
        except ValidationError:
            raise TenantsUnavailable(
                f"What answers at {self._address} is no tenant service: {response.text[:200]!r}. "
                "Correct PERENNIAL_TENANTS_URL."
            ) from None
