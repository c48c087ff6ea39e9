"""Holds: the reasons for a suspension, and who may lift each (SUS-1, SUS-9)."""

from collections.abc import Iterable
from enum import StrEnum

from domain.roles import Actor, Role
from domain.values import Frozen, Instant, OmitEmpty


class Reason(StrEnum):
    """The reasons for a suspension or a cancellation (SUS-1, CXL-1)."""

    CUSTOMER_REQUEST = "customer_request"
    NONPAYMENT = "nonpayment"
    FRAUD = "fraud"


class Hold(Frozen):
    """One reason for the suspension: since when, and who placed it.

    With `until` it is a planned pause, which ends by itself at that instant (SUS-11).
    """

    reason: Reason
    at: Instant
    by: str
    until: OmitEmpty[Instant | None] = None


FRAUD_LIFTERS = frozenset({Role.GLOBAL_ADMIN, Role.ADMIN_AGENT})
"""The roles that may lift a hold for fraud (ROL-2)."""


def may_lift(actor: Actor, reason: Reason) -> bool:
    """Whether the actor may lift a hold of that reason (ROL-2, ROL-4)."""
    if isinstance(actor, Role):
        return reason is not Reason.FRAUD or actor in FRAUD_LIFTERS
    return reason is Reason.NONPAYMENT


def pause_of(holds: Iterable[Hold]) -> Hold | None:
    """The planned pause among the holds, if there is one (SUS-11)."""
    return next((hold for hold in holds if hold.until), None)


def who_may_lift(reason: Reason) -> str:
    """Who may lift a hold of that reason, in words."""
    if reason is Reason.FRAUD:
        return " or ".join(sorted(role.value for role in FRAUD_LIFTERS))
    return "a user" + (", a service or the system" if reason is Reason.NONPAYMENT else "")
