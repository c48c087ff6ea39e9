"""What the commands of those who run it print."""

from typing import Any

from activities.notifications.contracts import ListedNotification
from cli.output.money import Line, ShownConflict
from cli.output.values import Row
from domain.conflict import Choice, Compared
from domain.subscription.events import EventName, State
from domain.values import Frozen, Instant, OmitEmpty
from perennial.deployment.preparation import Condition, PartName
from statemachines.audit.findings import Cure, Kind, Noun
from statemachines.audit.subscription import Invariant


class Pending(ListedNotification):
    """A notification; `not_notified` says why its publisher gets none."""

    not_notified: str | None


class Told(Frozen):
    """What an operator's request came to, per subscription."""

    subscription_id: str
    message: str


class Setting(Frozen):
    """A setting in effect, and where it comes from; `near` is a setting of nearly an unknown name."""

    value: str | None
    source: str
    near: str | None


class Rule(Frozen):
    """A rule, the actions that it can refuse, and the events that name it."""

    rule: str
    text: str
    refuses: list[str]
    events: list[str]
    label: str


class Kept(Frozen):
    """How many records break an invariant."""

    invariant: Invariant
    words: str
    violations: int


class Noted(Frozen):
    """What an operator settled with the books."""

    subscription_id: OmitEmpty[str | None] = None
    customer_id: OmitEmpty[str | None] = None
    seq: int
    at: Instant
    by: str
    actor: str | None
    reason: str | None
    key: str
    choice: Choice
    fields: list[Compared]


class Shown(Frozen):
    """An event that shows a violation."""

    seq: int
    at: Instant
    event: EventName
    state: State
    rule: str


class Violated(Frozen):
    """One invariant that does not hold, with what shows it."""

    subscription_id: OmitEmpty[str | None] = None
    customer_id: OmitEmpty[str | None] = None
    invariant: Invariant
    words: str
    ledger: list[Line] | list[Row]
    events: list[Shown]


class Checked(Frozen):
    """How much was checked, and what was found."""

    subscriptions: int
    events: int
    ledger_rows: int
    invoices: int
    invariants: list[Kept]
    access_behind: list[str]
    noted: list[Noted]
    violations: list[Violated]


class Step(Frozen):
    """What to do, and the command for it."""

    do: str
    words: str
    command: str


class Difference(Frozen):
    """One difference between books, workflows and clock."""

    noun: Noun
    id: str
    kind: Kind
    cause: str
    workflow_id: str
    run_id: str | None
    recorded: int | None
    known: int | None
    due_at: Instant | None
    replaced_run: str | None
    cure: Cure | None
    words: str
    next_step: Step


class Repairs(Frozen):
    """What a repair did, by how it was done, and why it could not."""

    done: dict[str, int]
    written: dict[str, int]
    failed: dict[str, str]


class Reconciled(Frozen):
    """How much was compared, and what differs."""

    repaired: OmitEmpty[Repairs | None] = None
    compared: dict[str, int]
    read: int
    kinds: dict[str, int]
    findings: list[Difference]


class Part(Frozen):
    """One part of a server or a database."""

    part: PartName
    condition: Condition
    words: str
    by_hand: str | None


class SetUp(Frozen):
    """Whether everything is ready, part by part."""

    ready: bool
    parts: list[Part]


class Conflicted(Frozen):
    """The conflict of a subscription or an account; null if it has none."""

    id: str
    account: bool
    conflict: ShownConflict | None


class Settled(Frozen):
    """What an operator chose."""

    id: str
    account: bool
    key: str
    choice: Choice
    message: str


PRINTED: dict[str, Any] = {
    "notifications list": list[Pending],
    **dict.fromkeys(("notifications retry", "notifications skip"), list[Told]),
    "config": dict[str, Setting],
    "explain": Rule,
    "check": Checked,
    "reconcile": Reconciled,
    "setup": SetUp,
    "conflict show": Conflicted,
    **dict.fromkeys(("conflict adopt", "conflict set-aside"), Settled),
    "scenario run": list[dict[str, Any]],
}
"""What each prints; docs/scenarios.md has the document of a scenario."""
