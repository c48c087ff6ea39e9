"""How long a suspended subscription's data is kept (SUS-3)."""

from datetime import datetime, timedelta

from domain.policy import PolicyPack

DAY = timedelta(days=1)


def free_days(account_opened: datetime, first_billing: datetime) -> int:
    """Whole 24-hour days from account opening to the first billing period's start; never less than 0."""
    return max(0, (first_billing - account_opened) // DAY)


def deletion_instant(
    suspended_at: datetime, policy: PolicyPack, account_opened: datetime, first_billing: datetime
) -> datetime:
    """The instant of deletion, to the second and finer (SUS-3, SUS-4)."""
    kept = policy.retention_base
    if policy.free_days_count:
        kept += free_days(account_opened, first_billing) * DAY
    return suspended_at + min(kept, policy.retention_cap)
