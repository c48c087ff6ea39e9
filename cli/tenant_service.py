"""The tenant service, asked as its users ask: may I come in?"""

import asyncio
from dataclasses import dataclass

from activities.adapters.tenants.store import ADMIN, USER, Door, TenantStore, Visit
from activities.settings import Settings
from cli.failure import Failure


@dataclass(frozen=True)
class Visits:
    """What the tenant answers to a user who signs in, and to an admin who reads the data."""

    user: Visit
    admin: Visit


async def visits(settings: Settings, tenant: str) -> Visits:
    """Knock at the tenant's door: elsewhere over HTTP, or at the embedded service's own file."""
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
    import httpx2
    from pydantic import ValidationError

    path = f"/api/tenants/{tenant}"
    try:
        async with httpx2.AsyncClient(base_url=address, timeout=10, trust_env=False) as client:
            user = await client.post(f"{path}/sign-in", json={"user": USER})
            admin = await client.get(f"{path}/data", params={"user": ADMIN})
        return Visits(user=Visit.model_validate_json(user.content), admin=Visit.model_validate_json(admin.content))
    except httpx2.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise Failure(f"The tenant service at {address} does not answer ({reason}). Is it running?") from None
    except ValidationError:
        raise Failure(f"What answers at {address} is no tenant service. Correct PERENNIAL_TENANTS_URL.") from None
