"""A decision about an account in the making: the account so far, its events, effects and answer."""

from datetime import datetime
from typing import Any

from domain.account.account import Account, Receivable
from domain.account.events import AccountDecision, AccountEffect, AccountEvent, AccountEventName, AccountRecord
from domain.account.requests import AccountRequest
from domain.money import Money
from domain.rules import Rule
from domain.subscription.decision import Answer, Outcome
from statemachines.account.chasing import counted_credit


class AccountDraft:
    """Collects one decision. An account changes only through `emit` and `update`."""

    def __init__(self, account: Account, at: datetime, request: AccountRequest | None = None) -> None:
        self.account = account
        self.at = at
        self.request = request
        self.events: list[AccountEvent] = []
        self.following: list[AccountEffect] = []
        self.outcome = Outcome.DONE
        self.rule = Rule.MON_6
        self.message = ""
        self.credited: Money | None = None

    @property
    def next_seq(self) -> int:
        return self.account.seq + 1

    def emit(self, name: AccountEventName, rule: Rule, **facts: Any) -> None:
        """Add an event with further facts, attributed to the sender of the request or to the system."""
        request = self.request
        self.events.append(
            AccountEvent(
                seq=self.next_seq,
                at=self.at,
                event=name,
                rule=rule,
                by=request.by if request else "system",
                actor=request.actor if request else None,
                **facts,
            )
        )
        self.rule = rule
        self.update(seq=self.next_seq, last_at=self.at)

    def update(self, **changes: Any) -> None:
        self.account = self.account.model_copy(update=changes)

    def follow(self, receivable: Receivable) -> None:
        """Store the invoice's new state; one that is paid or carried is no longer followed."""
        self.account = self.account.following(receivable)

    def tell(self, name: AccountEventName, rule: Rule, receivable: Receivable, **facts: Any) -> None:
        """Store the invoice's new state, and add an event about it."""
        self.follow(receivable)
        self.emit(
            name,
            rule,
            invoice=receivable.invoice,
            state=receivable.state,
            amount=receivable.owed,
            currency=receivable.currency,
            **facts,
        )

    def chase(self, name: AccountEventName, rule: Rule, receivable: Receivable, **facts: Any) -> None:
        """The same about an overdue invoice, with the credit that was counted (MON-8)."""
        credit = counted_credit(self.account, receivable.currency)
        self.tell(name, rule, receivable, credit=credit, **facts)

    def correct(self, name: AccountEventName, **facts: Any) -> None:
        """Add an event of a correction of money (MON-10)."""
        self.emit(name, Rule.MON_10, **facts)
        self.update(corrected=self.account.seq)

    def then(self, effect: AccountEffect) -> None:
        """Add an effect, to be performed after the events are recorded."""
        self.following.append(effect)

    def refuse(self, rule: Rule, message: str) -> None:
        """Answer `refused`: the rule forbids it, nothing changes."""
        self.outcome, self.rule, self.message = Outcome.REFUSED, rule, message

    def unchanged(self, message: str) -> None:
        """Answer `unchanged`: what the request says is already known (MON-7)."""
        self.outcome, self.rule, self.message = Outcome.UNCHANGED, Rule.MON_7, message

    def decision(self) -> AccountDecision:
        """The finished decision; it has an answer if it was made for a request."""
        events, answer = tuple(self.events), None
        if self.request:
            answer = Answer(
                at=self.at,
                do=self.request.action,
                outcome=self.outcome,
                rule=self.rule,
                effective_at=self.at if self.outcome is Outcome.DONE else None,
                credit=self.credited,
                message=self.message,
                seq=self.account.seq,
            )
        record = (AccountRecord(events=events),) if events else ()
        return AccountDecision(account=self.account, events=events, effects=(*record, *self.following), answer=answer)
