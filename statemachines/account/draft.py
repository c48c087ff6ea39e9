"""A decision about an account while it is being made: the account so far, its events and effects, the answer."""

from datetime import datetime
from typing import Any

from domain.account.account import Account, Receivable
from domain.account.events import AccountDecision, AccountEffect, AccountEvent, AccountEventName, AccountRecord
from domain.account.requests import AccountRequest
from domain.money import Money
from domain.rules import Rule
from domain.subscription.decision import Answer, Outcome


class AccountDraft:
    """Collects what is decided. `emit` and `update` are the only ways an account changes."""

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
        """The number that the next event will have."""
        return self.account.seq + 1

    def emit(self, name: AccountEventName, rule: Rule, **facts: Any) -> None:
        """One event, by whoever asked."""
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
        """Facts of the account that the event changed."""
        self.account = self.account.model_copy(update=changes)

    def standing(self, receivable: Receivable) -> None:
        """The invoice as it stands now; a paid one is followed no longer."""
        others = (r for r in self.account.receivables if r.invoice != receivable.invoice)
        left = (receivable,) if receivable.state.unpaid else ()
        self.update(receivables=tuple(sorted((*others, *left), key=lambda r: (r.due_at, r.invoice))))

    def then(self, effect: AccountEffect) -> None:
        """What is to be done once the events are recorded."""
        self.following.append(effect)

    def refuse(self, rule: Rule, message: str) -> None:
        """A rule says no; nothing is changed."""
        self.outcome, self.rule, self.message = Outcome.REFUSED, rule, message

    def unchanged(self, message: str) -> None:
        """What is told is known already (MON-7)."""
        self.outcome, self.rule, self.message = Outcome.UNCHANGED, Rule.MON_7, message

    def decision(self) -> AccountDecision:
        """The finished decision; with an answer where a request was made."""
        record = (AccountRecord(events=tuple(self.events)),) if self.events else ()
        return AccountDecision(
            account=self.account,
            events=tuple(self.events),
            effects=(*record, *self.following),
            answer=self._answer() if self.request else None,
        )

    def _answer(self) -> Answer:
        assert self.request is not None
        return Answer(
            at=self.at,
            do=self.request.action,
            outcome=self.outcome,
            rule=self.rule,
            effective_at=self.at if self.outcome is Outcome.DONE else None,
            credit=self.credited,
            message=self.message,
            seq=self.account.seq,
        )
