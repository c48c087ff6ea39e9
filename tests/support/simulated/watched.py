"""A simulated life in which the invariants are checked at each command."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from domain.roles import Action
from domain.subscription.commands import Command
from domain.subscription.decision import Answer
from domain.subscription.subscription import Subscription
from statemachines.preview.simulator import Simulator
from tests.support.simulated import invariants
from tests.support.simulated.ends_told import ends_when_told_11, tells_what_comes_first_11

Checks = dict[str, Callable[[], None]]
"""Checks that assert, by number and words."""


def of_a_command(simulator: Simulator, command: Command, before: Subscription, rows: int, answer: Answer) -> Checks:
    """The invariants of a command that was just answered.

    `before` is the subscription at the command's instant, `rows` the number of ledger rows then.
    """
    of, after, at = invariants, simulator.life.subscription, answer.at
    return {
        "9 credited while the window is shown": partial(of.credited_only_in_the_window_9, before, after, at, answer),
        "10 refused changes nothing": partial(of.refused_or_unchanged_changes_nothing_10, before, after, answer),
        "10 the answer names the money": partial(of.answers_the_money_10, simulator, rows, answer),
        "11 the deletion date stands": partial(of.the_deletion_date_stands_11, before, after),
        "11 what comes first is told": partial(tells_what_comes_first_11, after, answer),
        "LIF-1 done only if allowed": partial(of.done_only_if_allowed_lif_1, before, at, answer),
        "USE-1 used with access": partial(of.usage_is_taken_with_access_use_1, simulator, command, answer),
    }


class Watched(Simulator):
    """A life that checks the invariants of each command, and that nothing is dated after it."""

    def ask(self, command: Command, at: datetime) -> Answer:
        """Process the command, as any simulator does. Raises AssertionError."""
        self.advance(at)
        before, rows, uses = self.life.subscription, len(self.book.rows), len(self.book.usage)
        answer = super().ask(command, at)
        after = self.life.subscription
        for check in of_a_command(self, command, before, rows, answer).values():
            check()
        assert len(self.book.usage) == uses + (answer.do == Action.REPORT_USAGE and answer.outcome == "done")
        assert after != before or len(self.book.rows) == rows
        invariants.nothing_is_dated_after_the_clock_16(self, at)
        ends_when_told_11(self)
        return answer
