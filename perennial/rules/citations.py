"""Where answers and events name a rule: what is refused by it, and which events carry it."""

from domain.account.events import AccountEventName as Account
from domain.roles import AccountAction, Action
from domain.rules import Rule
from domain.subscription.events import EventName as Event

COMMANDS = tuple(action for action in Action if action is not Action.BUY)
REQUESTS = tuple(AccountAction)
CART, SETTLE = "cart", "settle_conflict"
"""What else can be refused: to change or buy a cart, and to settle a conflict."""

REFUSED: dict[Rule, tuple[str, ...]] = {
    Rule.ROL_1: (Action.BUY, *COMMANDS, *REQUESTS),
    Rule.ROL_4: (Action.BUY, *COMMANDS, *REQUESTS),
    Rule.ROL_5: (SETTLE,),
    Rule.ELG_1: (Action.BUY,),
    Rule.ELG_2: (Action.BUY,),
    Rule.ELG_3: (Action.BUY,),
    Rule.ELG_4: (Action.BUY,),
    Rule.ELG_5: (Action.BUY,),
    Rule.ELG_6: (Action.BUY,),
    Rule.ELG_7: (Action.BUY,),
    Rule.ELG_8: (Action.BUY, Action.CHANGE_QUANTITY, Action.REJECT_QUANTITY, Action.SET_ADD_ON),
    Rule.ELG_10: (Action.BUY,),
    Rule.BUY_1: (CART,),
    Rule.BUY_2: (Action.BUY, CART),
    Rule.BUY_3: (Action.BUY,),
    Rule.BUY_4: (Action.BUY, Action.SET_ADD_ON),
    Rule.BUY_5: (Action.CHANGE_PRICE,),
    Rule.BUY_6: (Action.BUY,),
    Rule.TRI_6: (Action.CHANGE_QUANTITY, Action.SET_ADD_ON),
    Rule.REN_2: (Action.SET_AUTO_RENEW,),
    Rule.REN_4: (Action.CHANGE_QUANTITY, Action.SET_ADD_ON),
    Rule.SUS_9: (Action.REACTIVATE,),
    Rule.SUS_11: (Action.SUSPEND,),
    Rule.CXL_1: (Action.CANCEL,),
    Rule.CXL_3: (Action.CANCEL,),
    Rule.CXL_6: (Action.CANCEL, Action.CHANGE_QUANTITY, Action.DEPROVISION, Action.REPORT_USAGE),
    Rule.LIF_1: COMMANDS,
    Rule.LIF_3: (Action.SET_AUTO_RENEW,),
    Rule.MON_4: (Action.CHANGE_QUANTITY, Action.REJECT_QUANTITY, Action.SET_ADD_ON),
    Rule.MON_6: (AccountAction.PAY, AccountAction.FAIL_PAYMENT),
    Rule.MON_7: (AccountAction.PAY, AccountAction.CREDIT_NOTE, AccountAction.REFUND, Action.REPORT_USAGE),
    Rule.MON_10: (
        AccountAction.CREDIT_NOTE,
        AccountAction.WRITE_OFF,
        AccountAction.REFUND,
        AccountAction.REFUND_PAID,
        AccountAction.REVERSE_PAYMENT,
    ),
    Rule.MOV_6: (AccountAction.TAKE_OVER_INVOICES,),
    Rule.USE_1: (Action.REPORT_USAGE,),
    Rule.USE_3: (Action.REPORT_USAGE,),
}
"""What can be refused by the rule."""

CARRIED: dict[Rule, tuple[Event | Account, ...]] = {
    Rule.BUY_4: (Event.PURCHASED,),
    Rule.BUY_5: (Event.PRICE_SCHEDULED,),
    Rule.BUY_6: (Event.BEGUN,),
    Rule.ISV_4: (Event.ACTIVATED, Event.CANCELLED),
    Rule.TRI_1: (Event.TRIAL_STARTED,),
    Rule.TRI_3: (Event.CONVERTED,),
    Rule.TRI_4: (Event.CANCELLED,),
    Rule.TRI_5: (Event.EXPIRED,),
    Rule.REN_1: (Event.RENEWED,),
    Rule.REN_2: (Event.AUTO_RENEW_CHANGED, Event.EXPIRED),
    Rule.REN_3: (Event.CANCELLATION_UNDONE,),
    Rule.REN_4: (Event.CHANGE_SCHEDULED, Event.CHANGES_UNDONE),
    Rule.REN_5: (Event.RENEWAL_ANNOUNCED,),
    Rule.SUS_1: (Event.SUSPENDED,),
    Rule.SUS_3: (Event.DELETED,),
    Rule.SUS_5: (Event.REACTIVATED,),
    Rule.SUS_6: (Event.REACTIVATED,),
    Rule.SUS_7: (Event.REACTIVATED,),
    Rule.SUS_9: (Event.HOLD_LIFTED,),
    Rule.SUS_11: (Event.REACTIVATED, Event.HOLD_LIFTED),
    Rule.CXL_2: (Event.CANCELLED,),
    Rule.CXL_3: (Event.CANCELLATION_SCHEDULED, Event.EXPIRED),
    Rule.CXL_6: (Event.DEPROVISIONED,),
    Rule.CXL_8: (Event.CANCELLATION_SCHEDULED, Event.CANCELLED),
    Rule.MON_3: (Event.PERIOD_CHARGED,),
    Rule.MON_4: (Event.ADD_ON_CHANGED, Event.QUANTITY_CHANGED),
    Rule.MON_5: (Account.INVOICE_ISSUED, Account.INVOICE_CARRIED, Account.INVOICE_SETTLED),
    Rule.MON_6: (
        Account.INVOICE_OVERDUE,
        Account.REMINDED,
        Account.SUSPENDED,
        Account.PAYMENT_RECEIVED,
        Account.PAYMENT_FAILED,
        Account.TERMS_CHANGED,
    ),
    Rule.MON_8: (Account.REMINDER_SKIPPED, Account.SUSPENSION_POSTPONED, Account.HOLDS_LIFTED),
    Rule.MON_10: (
        Account.CREDIT_NOTE_ISSUED,
        Account.WRITTEN_OFF,
        Account.REFUND_RESERVED,
        Account.REFUND_PAID,
        Account.PAYMENT_REVERSED,
        Account.INVOICE_SETTLED,
    ),
    Rule.MOV_1: (Event.TAKEN_OVER,),
    Rule.MOV_6: (Account.INVOICE_TAKEN_OVER,),
    Rule.REP_1: (Event.CONFLICT_SETTLED, Account.CONFLICT_SETTLED),
    Rule.USE_2: (Event.USAGE_SETTLED,),
}
"""The events that name the rule as the one that decided them."""
