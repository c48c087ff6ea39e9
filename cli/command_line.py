"""A command as a person would type it, without the program and the subscription."""

from domain.commands import (
    AnyCommand,
    Cancel,
    ChangePrice,
    ChangeQuantity,
    Command,
    ReportUsage,
    SetAddOn,
    SetAutoRenew,
    Suspend,
)

UNSAID = {"activate": "publisher", "change_price": "system"}


def command_line(command: AnyCommand | Command) -> str:
    """Such as `cancel --reason fraud --by service`."""
    match command:
        case ChangeQuantity():
            words = f"quantity {command.quantity}"
        case SetAddOn():
            words = f"add-on {command.add_on} {command.quantity}"
        case Suspend() | Cancel():
            words = f"{command.action} --reason {command.reason}"
        case SetAutoRenew():
            words = f"auto-renew {'on' if command.enabled else 'off'}"
        case ReportUsage():
            words = f"usage report {command.units:f} --usage-id {command.usage_id}"
        case ChangePrice():
            words = f"price {command.unit_price:f} a unit from now on"
        case _:
            words = command.action.value
    by = command.by
    return words if by == UNSAID.get(command.action, "admin_agent") else f"{words} --by {by}"
