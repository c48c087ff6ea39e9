"""The tenant service of another program, over HTTP."""

from datetime import timedelta
from typing import Self
from urllib.parse import quote

import httpx2
from pydantic import ValidationError

from activities.errors import TenantRefused, TenantsUnavailable
from activities.provisioning.contracts import Confirmation, ProvisionInput

TIMEOUT = timedelta(seconds=10)
# Request timeout, too early, too many requests: retrying helps.
PASSING = frozenset({408, 425, 429})


class HttpTenants:
    """The Tenants port: `async with HttpTenants("http://127.0.0.1:8234") as tenants`.

    Raises TenantRefused for a status of 4xx, and TenantsUnavailable for 5xx, for no answer within the timeout and for
    an answer that is not a Confirmation.
    """

    def __init__(self, address: str, *, timeout: timedelta = TIMEOUT) -> None:
        # No settings from the environment: a proxy for other traffic must not see these requests.
        self._client = httpx2.AsyncClient(
            base_url=address, timeout=timeout.total_seconds(), trust_env=False, follow_redirects=False
        )
        self._address = address

    async def grant(self, change: ProvisionInput) -> Confirmation:
        return await self._ask("grant", change)

    async def revoke(self, change: ProvisionInput) -> Confirmation:
        return await self._ask("revoke", change)

    async def purge(self, change: ProvisionInput) -> Confirmation:
        return await self._ask("purge", change)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

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
                f"The tenant service at {self._address} does not answer ({reason}). The request is retried."
            ) from None
        if response.is_success:
            return self._confirmation(response)
        said = f"The tenant service answered {verb} with {response.status_code}: {response.text[:500]}"
        if response.is_client_error and response.status_code not in PASSING:
            raise TenantRefused(said)
        raise TenantsUnavailable(said)

    def _confirmation(self, response: httpx2.Response) -> Confirmation:
        try:
            return Confirmation.model_validate_json(response.content)
        except ValidationError:
            raise TenantsUnavailable(
                f"The server at {self._address} is not a tenant service: it answered {response.text[:200]!r}. "
                "Correct PERENNIAL_TENANTS_URL."
            ) from None
