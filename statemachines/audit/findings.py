"""What `reconcile` finds: each kind in words, what it means, and what to do about it."""

from domain.next_step import Do, NextStep
from domain.values import Frozen, Instant, Worded


class Noun(Worded):
    """What a workflow owns."""

    SUBSCRIPTION = "subscription", "subscription"
    ACCOUNT = "account", "billing account"
    DELIVERY = "delivery", "delivery of the last notifications"
    BULK = "bulk", "bulk operation"
    WORKER = "worker", "worker of a task queue"

    @property
    def has_events(self) -> bool:
        """Whether its workflow decides events, which the books number."""
        return self in {Noun.SUBSCRIPTION, Noun.ACCOUNT}


class Status(Worded):
    """How a workflow's last run stands on the server."""

    RUNNING = "running", "is running"
    COMPLETED = "completed", "has ended by itself"
    TERMINATED = "terminated", "was terminated"
    FAILED = "failed", "failed"
    CANCELED = "canceled", "was ended by a cancellation"
    TIMED_OUT = "timed_out", "timed out"


class Kind(Worded):
    """The kinds of findings, with what each one means."""

    MISSING = "missing", "the books have it, and the server has no workflow of it"
    TERMINATED = "terminated", "its workflow was terminated: nothing of it happens any more"
    FAILED = "failed", "its workflow failed: nothing of it happens any more"
    CANCELED = "canceled", "its workflow was ended by a cancellation: nothing of it happens any more"
    TIMED_OUT = "timed_out", "its workflow timed out: nothing of it happens any more"
    RESET = "reset", "its workflow was reset, and has not caught up with the books"
    BEHIND = "behind", "the books have events that the workflow does not know"
    AHEAD = "ahead", "the workflow has decided events that the books do not have"
    DIFFERS = "differs", "workflow and books say different things about the same event"
    OVERDUE = "overdue", "its next milestone has passed, and it has not happened"
    STUCK = "stuck", "the workflow's task fails again and again"
    RETRYING = "retrying", "an effect of it fails, and is tried again and again"
    NEEDS_OPERATOR = "needs_operator", "the workflow waits for an operator"
    UNDELIVERABLE = "undeliverable", "its publisher does not take a notification: the later ones wait"
    UNANSWERED = "unanswered", "no worker answers for it"


GONE: dict[Status, Kind] = {
    Status.TERMINATED: Kind.TERMINATED,
    Status.FAILED: Kind.FAILED,
    Status.CANCELED: Kind.CANCELED,
    Status.TIMED_OUT: Kind.TIMED_OUT,
}
"""The workflows that were not ended by their own decision."""


class Cure(Worded):
    """What a repair does by itself about a workflow that does not run, or has written what the books do not have."""

    REBUILD = "rebuild", "start it again from the books"
    RESUME = "resume", "take it up again at its last task, for it knows what the books do not"
    DELIVER = "deliver", "start it again behind the last notification that is done"
    BACKFILL = "backfill", "write into the books what they lack of it, from its history"


class Finding(Frozen):
    """One difference, with its cause as far as it is known.

    `recorded` is the number of the last event in the books, and `known` that of the last one that the workflow has
    decided; each None where there is none, or where nobody could be asked. `cure` is set where a repair can do it.
    """

    noun: Noun
    id: str
    kind: Kind
    cause: str
    workflow_id: str
    run_id: str | None = None
    recorded: int | None = None
    known: int | None = None
    due_at: Instant | None = None
    """With `overdue`: when the milestone was due."""
    replaced_run: str | None = None
    """The run that a reset has ended: it knew what this one does not."""
    cure: Cure | None = None

    @property
    def words(self) -> str:
        """What is wrong, in a sentence."""
        return f"{self.kind.words[0].upper()}{self.kind.words[1:]}. {self.cause}"

    @property
    def next_step(self) -> NextStep:
        """What an operator does about it."""
        step = _BACKFILL if self.cure is Cure.BACKFILL else _CURES[Kind.RESET if self.replaced_run else self.kind]
        if self.noun is Noun.BULK and self.recorded is None:
            step = _REQUEST_AGAIN
        elif self.noun is Noun.BULK and self.kind is Kind.AHEAD:
            step = _GO_ON
        elif self.kind is Kind.FAILED and self.recorded is None:
            step = NextStep(Do.LOOK_AT_WORKFLOW, words="Nothing is recorded of it. See its history, then delete it")
        return NextStep(step.do, self._subject(step.do), step.words)

    def _subject(self, do: Do) -> str:
        return self.id if do in {Do.RETRY_NOTIFICATIONS, Do.REPAIR} else self.workflow_id


_BACKFILL = NextStep(Do.REPAIR, words="Stop the workers, and write what the books lack from the histories")
_GO_ON = NextStep(Do.REPAIR, words="Start it again: what is done already is unchanged")
_REQUEST_AGAIN = NextStep(
    Do.LOOK_AT_WORKFLOW,
    words="Terminate it if it runs, else delete it. Start the request again: what is done already is unchanged",
)
_START_AGAIN = NextStep(Do.REPAIR, words="Find out who ended it and why, then start it again")
_CURES: dict[Kind, NextStep] = {
    Kind.MISSING: NextStep(
        Do.REPAIR,
        words="Its records are safe in the books. See whether this is the right server and namespace, then start it "
        "again from the books",
    ),
    **dict.fromkeys(GONE.values(), _START_AGAIN),
    Kind.RESET: NextStep(
        Do.RESUME_WORKFLOW,
        words="It goes on from the books as soon as a worker runs it. Else take the run before the reset up again",
    ),
    Kind.BEHIND: NextStep(
        Do.LOOK_AT_WORKFLOW,
        words="Send it no commands. See in its history since when it does not know the books",
    ),
    Kind.AHEAD: NextStep(Do.LOOK_AT_WORKFLOW, words="See what its record waits for"),
    Kind.DIFFERS: NextStep(Do.LOOK_AT_WORKFLOW, words="Send it no commands. Compare its history with the books"),
    Kind.OVERDUE: NextStep(Do.START_WORKER, words="See that a worker runs and is not overloaded, else start one"),
    Kind.STUCK: NextStep(
        Do.LOOK_AT_WORKFLOW,
        words="Deploy workers with code that can replay its history, or put it on the version before "
        "(docs/runbook.md, A bad deploy): it goes on by itself. See its last failure",
    ),
    Kind.RETRYING: NextStep(Do.LOOK_AT_WORKFLOW, words="Mend the cause: it goes on by itself. See its last failure"),
    Kind.NEEDS_OPERATOR: NextStep(Do.RETRY_EFFECT, words="Mend the cause, then let it try again"),
    Kind.UNDELIVERABLE: NextStep(Do.RETRY_NOTIFICATIONS, words="Fix the cause, then retry"),
    Kind.UNANSWERED: NextStep(Do.START_WORKER),
}
