"""What `reconcile` compares: what the books, the server and a workflow say, and the clock."""

from datetime import datetime, timedelta

from domain.values import Frozen, Instant
from statemachines.audit.findings import Noun, Status

GRACE = timedelta(minutes=10)
"""How long after its milestone a workflow counts as overdue, unless the operator says otherwise."""


class Subject(Frozen):
    """Whose workflow it is, and the workflow's id."""

    noun: Noun
    id: str
    workflow_id: str


class Booked(Frozen):
    """What the books say: whether a workflow should run, and what it should know.

    `state`, `auto_renew` and `last_at` are those of a subscription after its last event, `seq`. `next_at` is when it
    should do something next, None where the books do not know. With a `test_clock` no date says anything about ours.
    """

    runs: bool
    seq: int = 0
    state: str | None = None
    auto_renew: bool | None = None
    last_at: Instant | None = None
    next_at: Instant | None = None
    test_clock: bool = False


class Effect(Frozen):
    """An activity that has not succeeded yet: its name, its attempts, and the last failure."""

    name: str
    attempts: int
    failure: str


class Run(Frozen):
    """What the server says of the last run of a workflow.

    `said` is why it ended: the reason of who terminated it, or its own error. `state`, `auto_renew` and `attention` are
    its search attributes. `reset_at` is set if an operator's reset has made the run. `problem` is why its task fails.
    """

    run_id: str
    status: Status
    started_at: Instant
    closed_at: Instant | None = None
    said: str = ""
    state: str | None = None
    auto_renew: bool | None = None
    attention: str | None = None
    reset_at: Instant | None = None
    replaces: str | None = None
    """The run that the reset has ended."""
    problem: str | None = None
    effect: Effect | None = None


class Known(Frozen):
    """What the workflow or its history says: the events that it has decided (`seq`) and recorded (`committed`).

    `waiting` says that effects are to be performed, `undelivered` that nothing but a notification needs an operator.
    `asked` says that requests have come since its last record was scheduled.
    """

    seq: int
    committed: int
    waiting: bool = False
    asked: bool = False
    undelivered: bool = False
    state: str | None = None
    auto_renew: bool | None = None
    last_at: Instant | None = None
    next_at: Instant | None = None


class Clock(Frozen):
    """The instant of the comparison, and how late a milestone may be."""

    now: Instant
    grace: timedelta = GRACE

    def passed(self, at: datetime) -> bool:
        """Whether the instant is further back than the grace."""
        return at + self.grace < self.now
