"""Policy packs: the numbers and switches of a programme, as data (docs/domain.md)."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.calendar import BillingPlan
from domain.values import Frozen

LONGEST_PAUSE = timedelta(days=90)


class LateCancel(StrEnum):
    """What happens to a cancellation after the refund window (CXL-3)."""

    SCHEDULED = "scheduled"
    REFUSED = "refused"


class PolicyPack(Frozen):
    """The rules of one programme. Each subscription has its own copy, pinned for the term (BUY-5)."""

    name: str
    version: int = 1
    refund_window_monthly: timedelta
    refund_window_other: timedelta
    """For plans billed annually or once (CXL-2)."""
    window_reopens_on_renewal: bool = False
    late_cancel: LateCancel = LateCancel.SCHEDULED
    retention_base: timedelta
    retention_cap: timedelta
    free_days_count: bool
    bill_while_suspended: bool = False
    suspension_turns_auto_renew_off: bool = False
    activation_deadline: timedelta = timedelta(days=30)
    late_usage: timedelta = timedelta(hours=24)
    """How long after the end usage of before it can be reported (USE-1)."""
    longest_pause: Annotated[timedelta, Field(exclude_if=lambda value: value == LONGEST_PAUSE)] = LONGEST_PAUSE
    """How long a planned pause may be (SUS-11). It is written only where a pack has another."""

    def refund_window(self, plan: BillingPlan) -> timedelta:
        """How long after the order a cancellation gives a full credit (CXL-2)."""
        return self.refund_window_monthly if plan is BillingPlan.MONTHLY else self.refund_window_other


PACKS: dict[str, PolicyPack] = {
    pack.name: pack
    for pack in (
        PolicyPack(
            name="csp-2019",
            refund_window_monthly=timedelta(hours=24),
            refund_window_other=timedelta(days=14),
            retention_base=timedelta(days=90),
            retention_cap=timedelta(days=120),
            free_days_count=True,
        ),
        PolicyPack(
            name="csp-2019-china",
            refund_window_monthly=timedelta(hours=24),
            refund_window_other=timedelta(days=14),
            retention_base=timedelta(days=60),
            retention_cap=timedelta(days=60),
            free_days_count=False,
        ),
        PolicyPack(
            name="saas-fulfillment-v2",
            refund_window_monthly=timedelta(hours=72),
            refund_window_other=timedelta(hours=72),
            retention_base=timedelta(days=30),
            retention_cap=timedelta(days=30),
            free_days_count=False,
        ),
        PolicyPack(
            name="nce-2022",
            refund_window_monthly=timedelta(days=7),
            refund_window_other=timedelta(days=7),
            window_reopens_on_renewal=True,
            late_cancel=LateCancel.REFUSED,
            retention_base=timedelta(days=90),
            retention_cap=timedelta(days=90),
            free_days_count=False,
            bill_while_suspended=True,
            suspension_turns_auto_renew_off=True,
        ),
    )
}
DEFAULT_PACK = "csp-2019"


def _known_pack(name: str) -> str:
    if name not in PACKS:
        raise ValueError(f"takes one of {', '.join(PACKS)}")
    return name


PackName = Annotated[str, AfterValidator(_known_pack), Field(json_schema_extra={"enum": list(PACKS)})]
