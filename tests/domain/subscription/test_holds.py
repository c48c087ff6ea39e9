"""ROL-2, SUS-1, SUS-9: who lifts which hold."""

import pytest

from domain.roles import Party, Role
from domain.subscription.holds import Reason, may_lift, who_may_lift

LIFTERS: dict[Reason, set[Role | Party]] = {
    Reason.CUSTOMER_REQUEST: set(Role),
    Reason.NONPAYMENT: {*Role, Party.SERVICE, Party.SYSTEM, Party.PUBLISHER},
    Reason.FRAUD: {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT},
}
"""The publisher may lift no hold at all: the matrix (ROL-4) refuses its `reactivate` before a hold is looked at."""


def test_sus_1_three_reasons_and_nothing_else() -> None:
    assert {reason.value for reason in Reason} == {"customer_request", "nonpayment", "fraud"}


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("actor", [*Role, *Party])
def test_rol_2_each_reason_has_its_lifters(actor: Role | Party, reason: Reason) -> None:
    assert may_lift(actor, reason) == (actor in LIFTERS[reason])


def test_sus_9_the_lifters_are_named() -> None:
    assert who_may_lift(Reason.FRAUD) == "admin_agent or global_admin"
    assert who_may_lift(Reason.CUSTOMER_REQUEST) == "a user"
    assert "service" in who_may_lift(Reason.NONPAYMENT)
