"""Payments and credit: what they pay, what becomes credit, and when holds are lifted (MON-5, MON-6, SUS-9)."""

from collections.abc import Iterable
from decimal import Decimal

from domain.account.account import Account, Payment, Receivable, trace_of
from domain.account.events import AccountEvent, AccountEventName, Allocation
from domain.account.invoice import InvoiceHead, InvoiceState, Settlement
from domain.account.requests import FailPayment, ReceivePayment
from domain.money import Money, from_minor
from domain.rules import Rule
from statemachines.account import holds
from statemachines.account.draft import AccountDraft
from statemachines.account.machine import InvoicePlace, Invoices

PAYMENTS_KEPT, TRACES_KEPT = 500, 5_000
"""How many payments an account keeps in full, and how many older ones as traces. The books keep all."""


def receive(draft: AccountDraft, request: ReceivePayment, invoices: Invoices) -> None:
    """MON-6: pay the named invoice, then the others, the earliest due first; only the rest becomes credit (MON-5)."""
    account = draft.account
    payment, money = payment_of(request), request.money
    if _is_known(draft, payment):
        return
    if words := _mismatch(account, request):
        draft.refuse(Rule.MON_6, words)
        return
    named = account.receivable(request.invoice) if request.invoice else None
    allocations = pay_unpaid(draft, money, named, invoices)
    left = money.amount - allocated(allocations)
    if left:
        draft.account = draft.account.with_credit(request.currency, left)
        draft.credited = Money(amount=left, currency=request.currency)
    lifts = holds.lift(draft, account)
    _remember(draft, payment)
    draft.message = words_of(f"{money} received.", allocations, draft)
    draft.emit(
        AccountEventName.PAYMENT_RECEIVED,
        Rule.MON_6,
        invoice=request.invoice,
        amount=money.amount,
        currency=money.currency,
        payment_id=request.payment_id,
        allocations=allocations,
        credited=left,
        lifts=lifts,
    )


def pay_unpaid(
    draft: AccountDraft,
    money: Money,
    first: Receivable | None,
    invoices: Invoices,
    *,
    named: str = "paid",
    others: str = "paid",
) -> tuple[Allocation, ...]:
    """Pay the `first` invoice, then the other unpaid ones, the earliest due first, as far as the money goes.

    `named` and `others` are what it counts as on the first one and on the others.
    """
    left, allocations = money.amount, []
    for receivable in sorted(draft.account.unpaid_in(money.currency), key=lambda each: each != first):
        if part := min(left, receivable.owed):
            state = reduced(draft, receivable, named if receivable == first else others, part, invoices)
            allocations.append(Allocation(invoice=receivable.invoice, amount=part, state=state))
            left -= part
    return tuple(allocations)


def allocated(allocations: Iterable[Allocation]) -> Decimal:
    """What these parts come to."""
    return sum((each.amount for each in allocations), Decimal(0))


def payment_of(request: ReceivePayment) -> Payment:
    """The payment as the account remembers it."""
    return Payment(payment_id=request.payment_id, **dict(request.money))


def settle(draft: AccountDraft, head: InvoiceHead, settlement: Settlement, invoices: Invoices) -> None:
    """MON-5: credit that the closed invoice has left pays an earlier one."""
    before = draft.account
    receivable = before.receivable(settlement.invoice)
    # After an operator settled a conflict the account may know less of it than the books (REP-1).
    part = min(settlement.amount, receivable.owed) if receivable else from_minor(0, head.currency)
    if left := settlement.amount - part:
        draft.account = before.with_credit(head.currency, left)
    if receivable is None:
        return
    state = reduced(draft, receivable, "settled", part, invoices)
    draft.emit(
        AccountEventName.INVOICE_SETTLED,
        Rule.MON_5,
        invoice=receivable.invoice,
        state=state,
        amount=part,
        currency=receivable.currency,
        credit_of=head.invoice,
        lifts=holds.lift(draft, before),
    )


def fail(draft: AccountDraft, request: FailPayment, invoices: Invoices) -> None:
    """MON-6: record a failed payment on its invoice, or on the earliest due. Dates and states stay as they are."""
    account = draft.account
    known = account.payment(request.payment_id) if request.payment_id else None
    if known and known.failed:
        draft.unchanged(f"The failure of payment {known.payment_id} is already recorded.")
        return
    if known:
        draft.refuse(Rule.MON_6, f"Payment {known.payment_id} was received, so it cannot have failed.")
        return
    receivable = account.receivable(request.invoice) if request.invoice else next(iter(account.receivables), None)
    place = InvoicePlace(state=receivable.state.value) if receivable else InvoicePlace()
    if receivable is None or invoices.send(place, "fail_payment") is None:
        draft.refuse(Rule.MON_6, _not_unpaid(account, request.invoice))
        return
    if request.payment_id:
        _remember(draft, Payment(payment_id=request.payment_id, amount=None, currency=None, failed=True))
    owed = Money(amount=receivable.owed, currency=receivable.currency)
    draft.message = f"Recorded. {receivable.invoice} is still unpaid; {owed} is owed."
    draft.tell(
        AccountEventName.PAYMENT_FAILED,
        Rule.MON_6,
        receivable,
        payment_id=request.payment_id,
        details=request.reason,
    )


def _is_known(draft: AccountDraft, asked: Payment) -> bool:
    """MON-7: answer a payment id that is known: a repeat is `unchanged`, another amount is refused. True if known."""
    known = draft.account.payment(asked.payment_id)
    begins = trace_of(asked.payment_id)
    money = f"{asked.currency} {asked.amount:f}"
    if known and not known.failed:
        repeats, recorded = known == asked, f"{known.currency} {known.amount:f}"
    elif trace := next((trace for trace in draft.account.older_payments if trace.startswith(begins)), None):
        repeats, recorded = trace == asked.trace, "another amount"
    else:
        return False
    words = f"Payment {asked.payment_id}"
    if repeats:
        draft.unchanged(f"{words} of {money} is already recorded.")
    else:
        words += f" of {money} is already recorded with {recorded}"
        draft.refuse(Rule.MON_7, f"{words}; use a new payment_id for another payment.")
    return True


def _mismatch(account: Account, request: ReceivePayment) -> str | None:
    if request.invoice:
        receivable = account.receivable(request.invoice)
        if receivable is None:
            return _not_unpaid(account, request.invoice)
        if receivable.currency != request.currency:
            return f"{request.invoice} is in {receivable.currency}, the payment in {request.currency}."
    elif account.currencies and request.currency not in account.currencies:
        billed = ", ".join(account.currencies)
        return f"{account.customer_id} is invoiced in {billed}, the payment is in {request.currency}."
    return None


def _not_unpaid(account: Account, invoice: str | None) -> str:
    unpaid = ", ".join(r.invoice for r in account.receivables)
    words = f"Unpaid now: {unpaid}." if unpaid else "Nothing is unpaid."
    if invoice is None:
        return f"{account.customer_id} has no unpaid invoice."
    return f"{invoice} is not an unpaid invoice of {account.customer_id}. {words}"


def reduced(draft: AccountDraft, receivable: Receivable, by: str, part: Decimal, invoices: Invoices) -> InvoiceState:
    """Add the part to what is `paid`, `settled` or `credited` of the invoice; its state after that."""
    place = InvoicePlace(state=receivable.state.value, settles=part == receivable.owed)
    chosen = invoices.send(place, "pay")
    assert chosen is not None
    draft.follow(receivable.model_copy(update={by: getattr(receivable, by) + part, "state": chosen.target}))
    return chosen.target


def _remember(draft: AccountDraft, payment: Payment) -> None:
    kept = remembering(draft.account, payment)
    draft.update(payments=kept.payments, older_payments=kept.older_payments)


def payment_in(events: Iterable[AccountEvent], payment_id: str) -> Payment | None:
    """The received payment of that id among an account's events; None if there is none (MON-7)."""
    found = (event.payment for event in events if event.payment_id == payment_id)
    return next((payment for payment in found if payment and not payment.failed), None)


def remembering(account: Account, payment: Payment) -> Account:
    """The account with the payment among the last ones; the oldest stays known by its trace."""
    others = (p for p in account.payments if p.payment_id != payment.payment_id)
    whole = (*others, payment)
    past = tuple(p.trace for p in whole[:-PAYMENTS_KEPT] if not p.failed)
    older = (*account.older_payments, *past)[-TRACES_KEPT:]
    return account.model_copy(update={"payments": whole[-PAYMENTS_KEPT:], "older_payments": older})


def may_have_forgotten(account: Account, asked: Payment) -> bool:
    """Whether only the books can say what was received under that id.

    That is so if the account does not know the id and has forgotten some, or knows its trace with another amount.
    """
    if account.payment(asked.payment_id):
        return False
    begins = trace_of(asked.payment_id)
    known = [trace for trace in account.older_payments if trace.startswith(begins)]
    return asked.trace not in known if known else len(account.older_payments) >= TRACES_KEPT


def words_of(received: str, allocations: Iterable[Allocation], draft: AccountDraft) -> str:
    """The answer, such as `USD 30.00 received. contoso-000001 is paid.`"""
    parts = []
    for allocation in allocations:
        receivable = draft.account.receivable(allocation.invoice)
        if receivable is None:
            parts.append(f"{allocation.invoice} is paid.")
        else:
            parts.append(f"{receivable.currency} {receivable.owed:f} is still owed on {allocation.invoice}.")
    if draft.credited:
        parts.append(f"{draft.credited} is kept as credit for the next invoice.")
    return " ".join([received, *parts])
