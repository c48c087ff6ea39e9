"""A decision in the making: the subscription so far, its events, and the parts of the answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.money import Money, total
from domain.rules import Rule
from domain.subscription.access import gaps_after
from domain.subscription.commands import Command
from domain.subscription.decision import Answer, Decision, Outcome
from domain.subscription.ends import announcement, deleted_at, expires_at, renews
from domain.subscription.events import Announcement, Event, EventName, State
from domain.subscription.ledger import Kind, LedgerRow
from domain.subscription.pricing import refundable_after
from domain.subscription.subscription import Subscription
from domain.subscription.usage import Unbilled, UsageCharge


class Draft:
    """Collects what one transition does. A subscription changes only through `emit` and `update`."""

    def __init__(self, subscription: Subscription, at: datetime, target: State, command: Command | None) -> None:
        self.subscription = subscription
        self.at = at
        self.target = target
        self.command = command
        self.events: list[Event] = []
        self.outcome = Outcome.DONE
        self.rule: Rule | None = None
        self.message = ""
        self.effective_at: datetime | None = at
        self.tells_end = False
        self._last, self._facts = subscription, subscription.facts

    @property
    def next_seq(self) -> int:
        return self.subscription.seq + 1

    def emit(
        self,
        name: EventName,
        rule: Rule,
        *,
        rows: Sequence[LedgerRow] = (),
        usage: Sequence[UsageCharge] = (),
        announces: Announcement | None = None,
        **changes: Any,
    ) -> None:
        """Add an event with its ledger rows, and change these fields of the subscription with it.

        The books count the units of `usage` later.
        """
        before = self.subscription
        after = before.model_copy(
            update={
                "state": self.target,
                "seq": before.seq + 1,
                "last_at": self.at,
                "refundable": refundable_after(changes.pop("refundable", before.refundable), rows),
                **changes,
                **({"scheduled_changes": {}} if self.target.ended else {}),
                **(self._use_changes(before) if before.offer.metered else {}),
            }
        )
        after = self._announced(after)
        command = self.command
        reason = getattr(command, "reason", None)
        self.events.append(
            Event(
                seq=after.seq,
                at=self.at,
                event=name,
                state=self.target,
                rule=rule,
                by=command.by if command else "system",
                actor=command.actor if command else None,
                reason=reason.value if reason else None,
                details=getattr(command, "details", None),
                command_id=command.command_id if command else None,
                before=self._facts,
                after=after.facts,
                rows=tuple(rows),
                usage=tuple(usage),
                announces=announces,
            )
        )
        self.subscription, self._last, self._facts = after, after, after.facts
        self.rule = rule

    def _announced(self, after: Subscription) -> Subscription:
        """With the instant of its renewal's announcement, which a new term sets, and what turns renewing on or off."""
        last = self._last
        if renews(after) and renews(last) and after.term == last.term:
            return after
        at = announcement(after)
        return after if at == after.announces_at else after.model_copy(update={"announces_at": at})

    def _use_changes(self, before: Subscription) -> dict[str, Any]:
        """What an event changes of when a usage offer could be used. What ends bills all that is left (SUS-10)."""
        gaps = gaps_after(before.gaps, self.at, access=self.target.users_have_access)
        if not self.target.ended or before.state.ended:
            return {"gaps": gaps}
        return {"gaps": gaps, "ended_at": self.at, "unbilled": Unbilled(at=self.at) if before.term else None}

    def update(self, **changes: Any) -> None:
        """Change fields of the subscription that the next event builds on, without an event of their own."""
        self.subscription = self.subscription.model_copy(update=changes)

    def unchanged(self, message: str) -> None:
        """Answer `unchanged`: what the command asks for is already so (MON-7)."""
        self.outcome, self.rule = Outcome.UNCHANGED, Rule.MON_7
        self.message, self.effective_at = message, None

    def refuse(self, rule: Rule, message: str) -> None:
        """Answer `refused`: the rule forbids it, nothing changes."""
        self.outcome, self.rule = Outcome.REFUSED, rule
        self.message, self.effective_at = message, None

    def money(self, kind: Kind) -> Money | None:
        """The total of the collected rows of that kind, or None if there are none."""
        rows = [row.amount for event in self.events for row in event.rows if row.kind is kind]
        return total(rows, self.subscription.offer.currency)

    def decision(self) -> Decision:
        """The finished decision; it has an answer if it was made for a command."""
        answer = None
        if self.command:
            assert self.rule is not None
            answer = Answer(
                at=self.at,
                do=self.command.action,
                outcome=self.outcome,
                rule=self.rule,
                effective_at=self.effective_at,
                credit=self.money(Kind.CREDIT),
                charge=self.money(Kind.CHARGE),
                message=self.message,
                seq=self.subscription.seq,
                metered=any(event.usage for event in self.events),
                ends_at=expires_at(self.subscription) if self.tells_end else None,
                deletes_at=deleted_at(self.subscription) if self.tells_end else None,
            )
        return Decision(subscription=self.subscription, events=tuple(self.events), answer=answer)
