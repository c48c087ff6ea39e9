"""A next step as the command that a person types."""

from cli.start import INSTALLED, program
from domain.next_step import Do, NextStep, PerennialError

COMMANDS: dict[Do, str] = {
    Do.ADOPT_BOOKS: "setup --adopt",
    Do.ADD_TO_CART: "cart add OFFER --customer {customer}",
    Do.BUY: "buy --help",
    Do.BUY_CART: "cart buy --customer {customer}",
    Do.IMPORT_CATALOG: "catalog import FILE",
    Do.ISSUE_SETUP_LINK: "setup-link {subscription}",
    Do.LIST_BULKS: "bulk list",
    Do.LIST_CUSTOMERS: "customer list",
    Do.LIST_INVOICES: "invoice list",
    Do.LIST_NOTIFICATIONS: "notifications list",
    Do.LIST_OFFERS: "catalog list",
    Do.LIST_ORDERS: "order list",
    Do.LIST_SUBSCRIPTIONS: "list",
    Do.PAUSE_BULK: "bulk pause {bulk}",
    Do.RECONCILE: "reconcile {subscription}",
    Do.RECONCILE_ALL: "reconcile",
    Do.REPAIR: "reconcile {subscription} --repair",
    Do.RESUME_BULK: "bulk resume {bulk}",
    Do.RETRY_NOTIFICATIONS: "notifications retry {subscription}",
    Do.REVIEW_CART: "cart review --customer {customer}",
    Do.SET_UP: "setup",
    Do.SET_UP_FOR_TESTS: "setup --for-tests",
    Do.SHOW_ACCOUNT: "account show {customer}",
    Do.SHOW_ACCOUNT_CONFLICT: "conflict show {customer} --account",
    Do.SHOW_BULK: "bulk show {bulk}",
    Do.SHOW_CART: "cart show --customer {customer}",
    Do.SHOW_CONFLICT: "conflict show {subscription}",
    Do.SHOW_ORDER: "order show {order}",
}

TEMPORAL: dict[Do, str] = {
    Do.LOOK_AT_WORKFLOW: "temporal workflow show --workflow-id {workflow}",
    Do.RESUME_WORKFLOW: "temporal workflow reset --workflow-id {workflow} --type LastWorkflowTask --reason ...",
    Do.RETRY_EFFECT: """temporal workflow update execute --workflow-id {workflow} --name retry_effect"""
    """ --input '{{"by": "..."}}'""",
}
"""Commands of Temporal's own command line."""


def command_for(step: NextStep) -> str:
    """The whole command, such as `python starter.py cart review --customer contoso`."""
    if step.do is Do.START_WORKER:
        return f"{INSTALLED} worker --dev" if program() == INSTALLED else "make dev"
    subjects = {
        name: step.subject or name.upper() for name in ("bulk", "customer", "order", "subscription", "workflow")
    }
    if step.do in TEMPORAL:
        return TEMPORAL[step.do].format_map(subjects)
    return f"{program()} {COMMANDS[step.do].format_map(subjects)}"


def line_of(error: PerennialError) -> str:
    """The error's line with the command of its next step, where it has one."""
    return error.message if error.next_step is None else f"{error.message} {worded(error.next_step)}"


def worded(step: NextStep) -> str:
    """The step's sentence with its command: `List the orders: python starter.py order list`."""
    return f"{step.phrase}: {command_for(step)}"
