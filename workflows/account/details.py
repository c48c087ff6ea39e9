"""What people see of an account: the details query, and the current details in the Web UI."""

from datetime import datetime

from domain.account.account import Account, Look
from domain.account.events import AccountEffect, AccountEvent, AccountRecord, Close, Open, PlaceHolds
from domain.account.invoice import InvoiceState
from domain.account.terms import HoldScope
from domain.conflict import Conflict
from domain.money import Money
from domain.values import format_instant
from statemachines.account.chasing import why_not_chased
from statemachines.account.life import AccountLife
from statemachines.account.timeline import AccountMilestone, AccountWhat, account_timeline
from statemachines.subscription.narrative import SUMMARY_LENGTH
from workflows.account.messages import AccountDetails
from workflows.durable.clock import TestClock
from workflows.durable.markdown import EVENTS_SHOWN, attention_line, refused_signals_line, second, table

NOTHING_OWED = "current"
"""The status of an account without unpaid invoices, such as a new one."""


def account_details(
    life: AccountLife,
    now: datetime,
    attention: str | None,
    clock: TestClock | None,
    conflict: Conflict | None = None,
) -> AccountDetails:
    """The account at that instant."""
    account = life.account
    return AccountDetails(
        customer_id=account.customer_id,
        now=now,
        terms=account.terms,
        month=account.month,
        receivables=account.receivables,
        credit=account.credit,
        holds=account.holds,
        timeline=tuple(account_timeline(account)),
        not_chased=tuple(why_not_chased(account)),
        seq=account.seq,
        committed=life.committed,
        performed=life.performed,
        attention=attention,
        refused_signals=life.refused_signals,
        refused_signal_count=life.refused_signal_count,
        clock=clock,
        conflict=conflict,
    )


def account_status(account: Account) -> str:
    """The account's status in one word, for filters."""
    if account.holds:
        return "suspended"
    if any(r.state is InvoiceState.OVERDUE for r in account.receivables):
        return "overdue"
    return "owing" if account.receivables else NOTHING_OWED


def account_markdown(life: AccountLife, attention: str | None, conflict: Conflict | None = None) -> str:
    """What is owed, what happens next and why, the credit, the last events."""
    account = life.account
    lines = [f"## {account_status(account).capitalize()}: billing account of {account.customer_id}"]
    lines += attention_line(attention, conflict)
    if account.receivables:
        rows = (
            (r.invoice, r.state.value, f"{r.currency} {r.due:f}", f"{r.owed:f}", second(r.due_at), r.reminders)
            for r in account.receivables
        )
        headings = ("invoice", "state", "due", "owed", "due at (UTC)", "reminders")
        lines += ["", "### Unpaid", "", *table(headings, rows)]
    if account.holds:
        charged = f"what is charged by {', '.join(account.held_for)}"
        what = "every licensed subscription" if account.holds_all else charged
        lines += ["", f"**Suspended for nonpayment:** {what}."]
    if account.credit:
        credit = ", ".join(f"{currency} {amount:f}" for currency, amount in sorted(account.credit.items()))
        lines += ["", f"**Credit for the next invoice:** {credit}."]
    lines += [f"\n{words}" for words in why_not_chased(account)]
    upcoming = ((second(m.at), account_headline(account, m), m.rule.value) for m in account_timeline(account))
    lines += ["", "### What comes next", "", *table(("when (UTC)", "what", "rule"), upcoming)]
    if account.terms.suspends_after is None:
        lines += ["", "These terms do not suspend subscriptions for nonpayment."]
    last = reversed(life.recent[-EVENTS_SHOWN:])
    events = ((e.seq, second(e.at), event_headline(e), e.actor or e.by, e.rule) for e in last)
    lines += ["", "### Last events", "", *table(("seq", "when (UTC)", "event", "by", "rule"), events)]
    lines += refused_signals_line(life.refused_signal_count, life.refused_signals)
    return "\n".join(lines)


def account_headline(account: Account, milestone: AccountMilestone) -> str:
    """Such as `Reminder 2: contoso-000007, USD 30.00`, for timers and people."""
    if milestone.what is AccountWhat.CLOSE:
        return f"Month ends: invoices for what was charged since {milestone_start(account)}"
    receivable = account.receivable(milestone.invoice or "")
    assert receivable is not None
    owed = Money(amount=receivable.owed, currency=receivable.currency)
    words = {
        AccountWhat.OVERDUE: "Falls due",
        AccountWhat.REMIND: f"Reminder {receivable.reminders + 1}",
        AccountWhat.SUSPEND: "Suspension for nonpayment",
    }[milestone.what]
    return f"{words}: {receivable.invoice}, {owed}"


def milestone_start(account: Account) -> str:
    """The first day of the running month."""
    return f"{account.month.start:%Y-%m-%d}"


def event_headline(event: AccountEvent) -> str:
    """Such as `payment_received p-17: USD 30.00`."""
    named = event.payment_id or event.correction or event.invoice
    money = f": {event.currency} {event.amount:f}" if event.amount is not None and event.currency else ""
    by = f", credit of {event.credit_of}" if event.credit_of else ""
    by += f", for {event.invoice}" if event.correction and event.invoice else ""
    return f"{event.event}{f' {named}' if named else ''}{money}{by}"


def effect_headline(effect: AccountEffect) -> str:
    """What an activity does, in one line."""
    if isinstance(effect, Open):
        return "open the account in the books"
    if isinstance(effect, Close):
        return f"invoices for {effect.period.start:%Y-%m-%d} to {effect.period.end:%Y-%m-%d}"
    if isinstance(effect, AccountRecord):
        return "; ".join(f"{e.seq} {event_headline(e)}" for e in effect.events)[:SUMMARY_LENGTH]
    if isinstance(effect, Look):
        return f"what is not invoiced before {format_instant(effect.until)}"
    if isinstance(effect, PlaceHolds):
        what = "licensed subscriptions" if effect.scope is HoldScope.ALL else "what it charges"
        return f"suspend {what}: {effect.invoice} is not paid"
    kept = f", but those for {', '.join(effect.keep)}" if effect.keep else ""
    return f"lift the holds for nonpayment{kept}"[:SUMMARY_LENGTH]
