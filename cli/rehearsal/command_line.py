"""A command as a person types it, without the program and the subscription."""

from domain.account.requests import (
    AccountRequest,
    ConfirmRefund,
    Correction,
    IssueCreditNote,
    ReceivePayment,
    ReserveRefund,
    ReversePayment,
    WriteOff,
)
from domain.roles import DEFAULT_ACTOR
from domain.subscription.commands import (
    Cancel,
    ChangePrice,
    ChangeQuantity,
    Command,
    RejectQuantity,
    ReportUsage,
    SetAddOn,
    SetAutoRenew,
    Suspend,
    UndoScheduledChanges,
)
from domain.subscription.scheduled import When
from domain.values import format_instant

DEFAULT_ROLES = {
    "activate": "publisher",
    "reject_quantity": "publisher",
    "change_price": "system",
    "pay": "service",
    "fail_payment": "service",
}


def command_line(command: Command | AccountRequest) -> str:
    """Such as `cancel --reason fraud --by service`."""
    match command:
        case ChangeQuantity():
            words = f"quantity {command.quantity}{_when(command.when)}"
        case RejectQuantity():
            words = f"reject-quantity {command.sequence}"
        case SetAddOn():
            words = f"add-on {command.add_on} {command.quantity}{_when(command.when)}"
        case UndoScheduledChanges():
            words = "undo-changes"
        case Suspend() | Cancel():
            words = f"{command.action} --reason {command.reason}"
            until = command.until if isinstance(command, Suspend) else None
            words += f" --until {format_instant(until)}" if until else ""
        case SetAutoRenew():
            words = f"auto-renew {'on' if command.enabled else 'off'}"
        case ReportUsage():
            words = f"usage report {command.units:f} --usage-id {command.usage_id}"
            words += f" --used-at {format_instant(command.used_at)}" if command.used_at else ""
            words += f" --corrects {command.corrects}" if command.corrects else ""
        case ChangePrice():
            words = f"price {command.unit_price:f} a unit from now on"
        case ReceivePayment():
            words = f"pay {command.currency} {command.amount:f} --payment-id {command.payment_id}"
        case IssueCreditNote() | WriteOff() | ReserveRefund() | ConfirmRefund() | ReversePayment():
            words = _correction(command)
        case _:
            words = command.action.value.replace("_", "-") if isinstance(command, AccountRequest) else command.action
    by = command.by
    return words if by == DEFAULT_ROLES.get(command.action, DEFAULT_ACTOR) else f"{words} --by {by}"


def _correction(request: Correction) -> str:
    match request:
        case IssueCreditNote():
            about = f" of {request.invoice}" if request.invoice else ""
            return f"credit note{about} {request.currency} {request.amount:f} --credit-id {request.credit_id}"
        case WriteOff():
            return f"write-off {request.invoice}"
        case ReserveRefund():
            return f"refund {request.currency} {request.amount:f} --refund-id {request.refund_id}"
        case ConfirmRefund():
            return f"refund-paid {request.refund_id}"
        case ReversePayment():
            return f"reverse {request.payment_id}"


def _when(when: When) -> str:
    return "" if when is When.NOW else f" --when {when}"
