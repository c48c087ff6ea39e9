"""Who may do what: the matrix of actors and actions, as data (ROL-1, ROL-4)."""

from enum import StrEnum

from domain.rules import Rule
from domain.values import Frozen


class Role(StrEnum):
    """ROL-1: the five roles of users that may act."""

    ADMIN_AGENT = "admin_agent"
    BILLING_ADMIN = "billing_admin"
    GLOBAL_ADMIN = "global_admin"
    HELPDESK_AGENT = "helpdesk_agent"
    SALES_AGENT = "sales_agent"


DEFAULT_ACTOR = Role.ADMIN_AGENT.value
"""Who acts where a request does not say it."""


class Party(StrEnum):
    """ROL-4: actors that are not users."""

    SERVICE = "service"
    PUBLISHER = "publisher"
    SYSTEM = "system"


Actor = Role | Party


class Action(StrEnum):
    """The commands to a subscription, by their public names."""

    BUY = "buy"
    ACTIVATE = "activate"
    CHANGE_QUANTITY = "change_quantity"
    REJECT_QUANTITY = "reject_quantity"
    SET_ADD_ON = "set_add_on"
    UNDO_SCHEDULED_CHANGES = "undo_scheduled_changes"
    SUSPEND = "suspend"
    REACTIVATE = "reactivate"
    CANCEL = "cancel"
    SET_AUTO_RENEW = "set_auto_renew"
    DEPROVISION = "deprovision"
    REPORT_USAGE = "report_usage"
    CHANGE_PRICE = "change_price"


class AccountAction(StrEnum):
    """The requests to a billing account, by their public names."""

    PAY = "pay"
    FAIL_PAYMENT = "fail_payment"
    CHANGE_TERMS = "change_terms"
    TAKE_OVER_INVOICES = "take_over_invoices"
    CREDIT_NOTE = "credit_note"
    WRITE_OFF = "write_off"
    REFUND = "refund"
    REFUND_PAID = "refund_paid"
    REVERSE_PAYMENT = "reverse_payment"


class RolePreset(StrEnum):
    """ROL-1: which matrix of roles applies to a subscription or an account."""

    DEFAULT = "default"
    STRICT = "strict"


NOT_FOR_USERS = frozenset({Action.ACTIVATE, Action.REJECT_QUANTITY, Action.CHANGE_PRICE})

PARTY_ACTIONS: dict[Party, frozenset[Action | AccountAction]] = {
    Party.PUBLISHER: frozenset({Action.ACTIVATE, Action.REJECT_QUANTITY}),
    Party.SERVICE: frozenset(
        {
            Action.ACTIVATE,
            Action.SUSPEND,
            Action.REACTIVATE,
            Action.CANCEL,
            Action.SET_AUTO_RENEW,
            Action.REPORT_USAGE,
            AccountAction.PAY,
            AccountAction.FAIL_PAYMENT,
            AccountAction.REFUND_PAID,
            AccountAction.REVERSE_PAYMENT,
        }
    ),
    Party.SYSTEM: frozenset({Action.CHANGE_PRICE, Action.SUSPEND, Action.REACTIVATE}),
}
"""ROL-4. The system places and lifts only holds for nonpayment: see `domain.subscription.holds` and `lifecycle`."""

_MANAGERS = frozenset({Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.HELPDESK_AGENT})
STRICT_ROLES: dict[Action | AccountAction, frozenset[Role]] = {
    Action.BUY: frozenset({Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT}),
    **dict.fromkeys(AccountAction, frozenset({Role.GLOBAL_ADMIN, Role.BILLING_ADMIN, Role.ADMIN_AGENT})),
}
"""The roles that may act under the strict preset, where they are not those that manage subscriptions."""


OPERATORS = frozenset({Role.GLOBAL_ADMIN, Role.ADMIN_AGENT})
"""ROL-5: who may settle conflicts, under every preset."""


class Denial(Frozen):
    """Why an actor may not do something: the rule and a message."""

    rule: Rule
    message: str


def parse_actor(by: str) -> Actor | None:
    """The role or party of that name, or None if the name is unknown."""
    for kind in (Role, Party):
        if by in set(kind):
            return kind(by)
    return None


def denial(by: str, action: Action | AccountAction, preset: RolePreset = RolePreset.DEFAULT) -> Denial | None:
    """None if the actor may send the command or the request, otherwise the rule that forbids it (ROL-1, ROL-4)."""
    actor = parse_actor(by)
    if actor is None:
        known = ", ".join([*Role, *Party])
        return Denial(rule=Rule.ROL_1, message=f"`{by}` is not a known role or party. Use one of {known}.")
    if isinstance(actor, Party):
        if action in PARTY_ACTIONS[actor]:
            return None
        return Denial(rule=Rule.ROL_4, message=f"The {actor} may not {action}.")
    if action in NOT_FOR_USERS:
        return Denial(rule=Rule.ROL_4, message=f"A user ({actor}) may not {action}.")
    allowed = STRICT_ROLES.get(action, _MANAGERS)
    if preset is RolePreset.STRICT and actor not in allowed:
        words = f"{actor} may not {action} under the strict preset. Only these roles may: {', '.join(sorted(allowed))}."
        return Denial(rule=Rule.ROL_1, message=words)
    return None


def operator_denial(by: str) -> Denial | None:
    """None if the actor is an operator, otherwise why not (ROL-5)."""
    if by in OPERATORS:
        return None
    words = f"Only an operator settles conflicts: {', '.join(sorted(OPERATORS))}. Got {by!r}."
    return Denial(rule=Rule.ROL_5, message=words)
