"""Payments that were taken back, as by a charge-back (MON-10)."""

from decimal import Decimal

from domain.account.events import AccountEventName, Allocation
from domain.account.recalled import Recalled, RecalledInvoice
from domain.account.requests import ReversePayment
from domain.money import Currency, Money
from domain.rules import Rule
from statemachines.account import holds
from statemachines.account.draft import AccountDraft
from statemachines.account.machine import InvoicePlace, Invoices
from statemachines.account.payments import reduced


def reverse(draft: AccountDraft, request: ReversePayment, recalled: Recalled, invoices: Invoices) -> None:
    """MON-10: what the payment paid is owed again, and what had become credit is taken back."""
    payment = next((event for event in recalled.events if event.event is AccountEventName.PAYMENT_RECEIVED), None)
    if payment is None:
        words = f"{draft.account.customer_id} has no payment {request.payment_id}."
        draft.refuse(Rule.MON_10, words)
        return
    if len(recalled.events) > 1:
        draft.unchanged(f"Payment {request.payment_id} is already reversed.")
        return
    assert payment.amount is not None
    assert payment.currency is not None
    money, rest = Money(amount=payment.amount, currency=payment.currency), payment.credited or Decimal(0)
    credit = draft.account.credit_in(money.currency)
    if rest > credit:
        became, left = (Money(amount=each, currency=money.currency) for each in (rest, credit))
        words = f"{became} of payment {request.payment_id} became credit, and {left} of it is left"
        draft.refuse(Rule.MON_10, f"{words}: credit never falls below zero.")
        return
    if rest:
        draft.account = draft.account.with_credit(money.currency, -rest)
    known = {each.head.invoice: each for each in recalled.invoices}
    reopened = tuple(_owed_again(draft, known[part.invoice], part.amount, invoices) for part in payment.allocations)
    owed = " and ".join(part.invoice for part in reopened)
    verb = "is" if len(reopened) == 1 else "are"
    draft.message = f"{money} of payment {request.payment_id} is reversed."
    draft.message += f" {owed} {verb} owed again." if owed else ""
    draft.correct(
        AccountEventName.PAYMENT_REVERSED,
        amount=money.amount,
        currency=money.currency,
        payment_id=request.payment_id,
        allocations=reopened,
        credited=rest,
        details=request.reason,
    )
    _settle_at_once(draft, money.currency, invoices)


def _settle_at_once(draft: AccountDraft, currency: Currency, invoices: Invoices) -> None:
    """MON-8: what is owed again is not owed beside a credit."""
    for receivable in draft.account.unpaid_in(currency):
        before = draft.account
        if not (part := min(before.credit_in(currency), receivable.owed)):
            return
        state = reduced(draft, receivable, "settled", part, invoices)
        draft.account = draft.account.with_credit(currency, -part)
        draft.message += f" {Money(amount=part, currency=currency)} of the credit settles {receivable.invoice}."
        draft.correct(
            AccountEventName.INVOICE_SETTLED,
            invoice=receivable.invoice,
            state=state,
            amount=part,
            currency=currency,
            lifts=holds.lift(draft, before),
        )


def _owed_again(draft: AccountDraft, known: RecalledInvoice, part: Decimal, invoices: Invoices) -> Allocation:
    """The invoice is owed as of its due date. What passed while it was paid is skipped, as in MON-8."""
    receivable = draft.account.receivable(known.head.invoice) or known.receivable
    chosen = invoices.send(InvoicePlace(state=receivable.state.value), "reopen")
    assert chosen is not None
    passed = sum(receivable.due_at + each <= draft.at for each in receivable.terms.reminders)
    skipped = max(0, passed - receivable.reminders - receivable.skipped)
    unpaid = receivable.state.unpaid  # one that was paid holds nothing, and is not postponed
    draft.follow(
        receivable.model_copy(
            update={
                "paid": receivable.paid - part,
                "state": chosen.target,
                "skipped": receivable.skipped + skipped,
                "suspended": receivable.suspended and unpaid,
                "postponed": receivable.postponed and unpaid,
            }
        )
    )
    return Allocation(invoice=receivable.invoice, amount=part, state=chosen.target, skipped=skipped)
