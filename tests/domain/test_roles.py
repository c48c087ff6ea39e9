"""ROL-1, ROL-4: who may do what, as the whole matrix."""

import pytest

from domain.roles import AccountAction, Action, Party, Role, RolePreset, denial
from domain.rules import Rule

USERS = {role.value for role in Role}
MANAGERS = {"global_admin", "admin_agent", "helpdesk_agent"}
BUYERS = {"global_admin", "admin_agent", "sales_agent"}

DEFAULT: dict[Action, set[str]] = {
    Action.BUY: USERS,
    Action.ACTIVATE: {"publisher", "service"},
    Action.CHANGE_QUANTITY: USERS,
    Action.REJECT_QUANTITY: {"publisher"},
    Action.SET_ADD_ON: USERS,
    Action.SUSPEND: {*USERS, "service", "system"},
    Action.REACTIVATE: {*USERS, "service", "system"},
    Action.UNDO_SCHEDULED_CHANGES: USERS,
    Action.CANCEL: {*USERS, "service"},
    Action.SET_AUTO_RENEW: {*USERS, "service"},
    Action.DEPROVISION: USERS,
    Action.REPORT_USAGE: {*USERS, "service"},
    Action.CHANGE_PRICE: {"system"},
}
ACTORS = [*Role, *Party]


def test_rol_1_there_are_five_roles_and_three_other_parties() -> None:
    assert {"admin_agent", "billing_admin", "global_admin", "helpdesk_agent", "sales_agent"} == USERS
    assert {party.value for party in Party} == {"service", "publisher", "system"}
    assert set(DEFAULT) == set(Action)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("by", ACTORS)
def test_rol_4_default_matrix(by: str, action: Action) -> None:
    denied = denial(by, action)
    if by in DEFAULT[action]:
        assert denied is None
    else:
        assert denied is not None
        assert denied.rule is Rule.ROL_4
        assert action in denied.message


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("by", ACTORS)
def test_rol_1_strict_matrix(by: str, action: Action) -> None:
    allowed = DEFAULT[action] - USERS
    if DEFAULT[action] & USERS:
        allowed |= BUYERS if action is Action.BUY else MANAGERS
    denied = denial(by, action, RolePreset.STRICT)
    assert (denied is None) == (by in allowed)
    if denied and by in DEFAULT[action]:
        assert denied.rule is Rule.ROL_1
        assert "strict" in denied.message


@pytest.mark.parametrize("by", ["", "Admin agent", "admin", "ADMIN_AGENT", "nobody", "user"])
@pytest.mark.parametrize("action", [Action.BUY, Action.ACTIVATE, Action.REJECT_QUANTITY, Action.CHANGE_PRICE])
def test_rol_1_any_other_or_none_is_refused(by: str, action: Action) -> None:
    denied = denial(by, action)
    assert denied is not None
    assert denied.rule is Rule.ROL_1
    assert "helpdesk_agent" in denied.message


BILLERS = {"global_admin", "billing_admin", "admin_agent"}
ACCOUNT: dict[AccountAction, set[str]] = {
    AccountAction.PAY: {*USERS, "service"},
    AccountAction.FAIL_PAYMENT: {*USERS, "service"},
    AccountAction.CHANGE_TERMS: USERS,
    AccountAction.TAKE_OVER_INVOICES: USERS,
    AccountAction.CREDIT_NOTE: USERS,
    AccountAction.WRITE_OFF: USERS,
    AccountAction.REFUND: USERS,
    AccountAction.REFUND_PAID: {*USERS, "service"},
    AccountAction.REVERSE_PAYMENT: {*USERS, "service"},
}


def test_rol_1_every_account_action_has_its_row() -> None:
    assert set(ACCOUNT) == set(AccountAction)


@pytest.mark.parametrize("action", AccountAction)
@pytest.mark.parametrize("by", ACTORS)
def test_rol_4_default_matrix_of_an_account(by: str, action: AccountAction) -> None:
    """A service may pay, but not change terms; publisher and system may nothing."""
    denied = denial(by, action)
    assert (denied is None) == (by in ACCOUNT[action])
    if denied:
        assert denied.rule is Rule.ROL_4
        assert action in denied.message
        assert by in denied.message


@pytest.mark.parametrize("action", AccountAction)
@pytest.mark.parametrize("by", ACTORS)
def test_rol_1_strict_matrix_of_an_account(by: str, action: AccountAction) -> None:
    denied = denial(by, action, RolePreset.STRICT)
    allowed = (ACCOUNT[action] - USERS) | BILLERS
    assert (denied is None) == (by in allowed)
    if denied and by in USERS:
        assert denied.rule is Rule.ROL_1
        assert "strict" in denied.message
        assert "admin_agent, billing_admin, global_admin" in denied.message


@pytest.mark.parametrize("preset", RolePreset)
@pytest.mark.parametrize("action", AccountAction)
@pytest.mark.parametrize("by", ["", "Billing admin", "admin", "BILLING_ADMIN", "nobody", "user"])
def test_rol_1_any_other_or_none_is_refused_by_an_account(by: str, action: AccountAction, preset: RolePreset) -> None:
    denied = denial(by, action, preset)
    assert denied is not None
    assert denied.rule is Rule.ROL_1
    assert "billing_admin" in denied.message
