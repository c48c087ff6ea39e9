"""Asks the tenant service what its users ask: can I sign in?"""

import asyncio

import httpx2
from pydantic import ValidationError

from activities.adapters.tenants.store import ADMIN, USER, TenantStore
from activities.errors import TenantsUnavailable
from activities.provisioning.door import Door, Visit, Visits
from activities.settings import Settings


async def visits(settings: Settings, tenant: str) -> Visits:
    """Whether a user can sign in and an admin can read: over HTTP, or from the embedded service's file.

    Raises TenantsUnavailable.
    """
    if settings.tenants_url:
        return await _over_http(settings.tenants_url, tenant)
    if not settings.tenants_path.exists():
        nobody = Visit(door=Door.UNKNOWN, words=f"There is no tenant {tenant}.")
        return Visits(user=nobody, admin=nobody)
    store = TenantStore(settings.tenants_path)
    return Visits(
        user=await asyncio.to_thread(store.sign_in, tenant, USER),
        admin=await asyncio.to_thread(store.admin_read, tenant, ADMIN),
    )


async def _over_http(address: str, tenant: str) -> Visits:
    path = f"/api/tenants/{tenant}"
    try:
        async with httpx2.AsyncClient(base_url=address, timeout=10, trust_env=False) as client:
            user = await client.post(f"{path}/sign-in", json={"user": USER})
            admin = await client.get(f"{path}/data", params={"user": ADMIN})
        return Visits(user=Visit.model_validate_json(user.content), admin=Visit.model_validate_json(admin.content))
    except httpx2.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise TenantsUnavailable(
            f"The tenant service at {address} does not answer ({reason}). Is it running?"
        ) from None
    except ValidationError:
        raise TenantsUnavailable(
            f"The server at {address} is not a tenant service. Correct PERENNIAL_TENANTS_URL."
        ) from None
