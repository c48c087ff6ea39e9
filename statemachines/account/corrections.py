"""Corrections of money: credit notes, write-offs, refunds, and payments that were taken back (MON-10).

Each is decided on what the books have of what it names. An invoice is never altered.
"""

from collections.abc import Iterable
from decimal import Decimal

from domain.account.account import Account
from domain.account.events import AccountEvent, AccountEventName
from domain.account.recalled import Recalled, RecalledInvoice
from domain.account.requests import ConfirmRefund, Correction, IssueCreditNote, ReserveRefund, ReversePayment, WriteOff
from domain.account.taxing import TaxedAmount, credited_tax
from domain.money import Money
from domain.rules import Rule
from statemachines.account import holds
from statemachines.account.draft import AccountDraft
from statemachines.account.machine import InvoicePlace, Invoices
from statemachines.account.payments import allocated, pay_unpaid, words_of
from statemachines.account.reversals import reverse


def is_stale(account: Account, recalled: Recalled | None, request: Correction) -> bool:
    """Whether the books have to be asked again: another correction came, or what it names is not recorded yet."""
    if recalled is None or recalled.request != request.fingerprint() or recalled.seq < account.corrected:
        return True
    if recalled.seq < account.seq:
        paid = isinstance(request, ReversePayment) and account.payment(request.payment_id) and not recalled.events
        unpaid = (each.receivable for each in recalled.invoices if each.receivable.state.unpaid)
        return bool(paid) or any(account.receivable(each.invoice) is None for each in unpaid)
    return False


def correct(draft: AccountDraft, request: Correction, recalled: Recalled, invoices: Invoices) -> None:
    """Decide a correction of money."""
    match request:
        case IssueCreditNote():
            _credit_note(draft, request, recalled, invoices)
        case WriteOff():
            _write_off(draft, request, recalled, invoices)
        case ReserveRefund():
            _reserve(draft, request, recalled)
        case ConfirmRefund():
            _confirm(draft, request, recalled)
        case ReversePayment():
            reverse(draft, request, recalled, invoices)


def _credit_note(draft: AccountDraft, request: IssueCreditNote, recalled: Recalled, invoices: Invoices) -> None:
    money, named = request.money, next(iter(recalled.invoices), None)
    if _is_known(draft, f"Credit note {request.credit_id}", money, recalled.events, invoice=request.invoice):
        return
    if words := _not_to_correct(draft.account, request, money, named):
        draft.refuse(Rule.MON_10, words)
        return
    before = draft.account
    first = before.receivable(request.invoice) if request.invoice else None
    allocations = pay_unpaid(draft, money, first, invoices, others="settled", named="credited")
    left = money.amount - allocated(allocations)
    if left:
        draft.account = draft.account.with_credit(money.currency, left)
        draft.credited = Money(amount=left, currency=money.currency)
    draft.message = words_of(f"{money} credited.", allocations, draft)
    draft.correct(
        AccountEventName.CREDIT_NOTE_ISSUED,
        invoice=request.invoice,
        amount=money.amount,
        currency=money.currency,
        allocations=allocations,
        credited=left,
        correction=request.credit_id,
        taxes=_taxes(named, money),
        details=request.reason,
        lifts=holds.lift(draft, before),
    )


def _taxes(named: RecalledInvoice | None, money: Money) -> tuple[TaxedAmount, ...]:
    """MON-13: a note for an invoice takes back its tax too; a free one takes back no charge, so no tax."""
    if named is None or named.head.tax is None:
        return ()
    return credited_tax(named.head.tax, money.amount, named.noted_taxes, money.currency)


def _write_off(draft: AccountDraft, request: WriteOff, recalled: Recalled, invoices: Invoices) -> None:
    before, receivable = draft.account, draft.account.receivable(request.invoice)
    if receivable is None:
        if recalled.events:
            draft.unchanged(f"{request.invoice} is already written off.")
        elif recalled.invoices:
            draft.refuse(Rule.MON_10, f"Nothing is owed on {request.invoice}, so there is nothing to write off.")
        else:
            draft.refuse(Rule.MON_10, _unknown(before, request.invoice))
        return
    owed = receivable.owed
    chosen = invoices.send(InvoicePlace(state=receivable.state.value), "write_off")
    assert chosen is not None
    draft.follow(receivable.model_copy(update={"written_off": receivable.written_off + owed, "state": chosen.target}))
    draft.message = f"{Money(amount=owed, currency=receivable.currency)} of {request.invoice} is written off."
    draft.correct(
        AccountEventName.WRITTEN_OFF,
        invoice=request.invoice,
        state=chosen.target,
        amount=owed,
        currency=receivable.currency,
        details=request.reason,
        lifts=holds.lift(draft, before),
    )


def _reserve(draft: AccountDraft, request: ReserveRefund, recalled: Recalled) -> None:
    money = request.money
    reserved = [event for event in recalled.events if event.event is AccountEventName.REFUND_RESERVED]
    if _is_known(draft, f"Refund {request.refund_id}", money, reserved):
        return
    credit = Money(amount=draft.account.credit_in(money.currency), currency=money.currency)
    if money.amount > credit.amount:
        draft.refuse(Rule.MON_10, f"{draft.account.customer_id} has a credit of {credit}: a refund takes no more.")
        return
    draft.account = draft.account.with_credit(money.currency, -money.amount)
    draft.message = f"{money} of the credit is reserved, to be paid out. Confirm it with refund_paid."
    draft.correct(
        AccountEventName.REFUND_RESERVED,
        amount=money.amount,
        currency=money.currency,
        correction=request.refund_id,
        details=request.reason,
    )


def _confirm(draft: AccountDraft, request: ConfirmRefund, recalled: Recalled) -> None:
    reserved = next((event for event in recalled.events if event.event is AccountEventName.REFUND_RESERVED), None)
    if reserved is None:
        words = f"No refund {request.refund_id} is reserved for {draft.account.customer_id}."
        draft.refuse(Rule.MON_10, words)
        return
    if len(recalled.events) > 1:
        draft.unchanged(f"Refund {request.refund_id} is already recorded as paid.")
        return
    assert reserved.amount is not None
    assert reserved.currency is not None
    money = Money(amount=reserved.amount, currency=reserved.currency)
    draft.message = f"Refund {request.refund_id} of {money} is paid."
    draft.correct(
        AccountEventName.REFUND_PAID,
        amount=money.amount,
        currency=money.currency,
        correction=request.refund_id,
    )


def _is_known(
    draft: AccountDraft, what: str, money: Money, events: Iterable[AccountEvent], invoice: str | None = None
) -> bool:
    """MON-7: answer an id that is known: a repeat is `unchanged`, anything else under it is refused. True if known."""
    known = next(iter(events), None)
    if known is None:
        return False
    assert known.amount is not None
    if (known.amount, known.currency, known.invoice) == (money.amount, money.currency, invoice):
        draft.unchanged(f"{what} of {money} is already recorded.")
    else:
        recorded = f"{known.currency} {known.amount:f}" + (f" for {known.invoice}" if known.invoice else "")
        draft.refuse(Rule.MON_7, f"{what} is already recorded with {recorded}; use a new id for another one.")
    return True


def _not_to_correct(
    account: Account, request: IssueCreditNote, money: Money, named: RecalledInvoice | None
) -> str | None:
    if request.invoice is None:
        if account.currencies and money.currency not in account.currencies:
            billed = ", ".join(account.currencies)
            return f"{account.customer_id} is invoiced in {billed}, the credit note is in {money.currency}."
        return None
    if named is None:
        return _unknown(account, request.invoice)
    head = named.head
    if head.currency != money.currency:
        return f"{head.invoice} is in {head.currency}, the credit note in {money.currency}."
    left = Money(amount=max(head.totals.gross, Decimal(0)) - named.noted, currency=head.currency)
    if money.amount > left.amount:
        return f"A credit note for {head.invoice} takes at most {left}, what is left of its total. Got {money}."
    return None


def _unknown(account: Account, invoice: str) -> str:
    return f"{invoice} is not an invoice of {account.customer_id}."
