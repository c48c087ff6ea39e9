"""Each difference between books, server, workflow and clock is told by its kind; what is on its way is not told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.next_step import Do
from statemachines.audit.findings import GONE, Cure, Finding, Kind, Noun, Status
from statemachines.audit.observed import Booked, Clock, Effect, Known, Run, Subject
from statemachines.audit.reconciliation import ON_ITS_WAY, compare

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SUBSCRIPTION = Subject(noun=Noun.SUBSCRIPTION, id="crm-1", workflow_id="subscription:crm-1")
ACCOUNT = Subject(noun=Noun.ACCOUNT, id="fabrikam", workflow_id="billing-account:fabrikam")
DELIVERY = Subject(noun=Noun.DELIVERY, id="crm-1", workflow_id="delivery:crm-1")
BULK = Subject(noun=Noun.BULK, id="op", workflow_id="bulk:op")
CLOCK = Clock(now=NOW)


def booked(**changes: Any) -> Booked:
    return Booked.model_validate(
        {
            "runs": True,
            "seq": 3,
            "state": "active",
            "auto_renew": True,
            "last_at": NOW - DAY,
            "next_at": NOW + DAY,
            **changes,
        }
    )


def run(**changes: Any) -> Run:
    fields = {"run_id": "a-run", "status": Status.RUNNING, "started_at": NOW - 9 * DAY}
    return Run.model_validate({**fields, "state": "active", "auto_renew": True, **changes})


def known(**changes: Any) -> Known:
    fields = {"seq": 3, "committed": 3, "state": "active", "auto_renew": True, "last_at": NOW - DAY}
    return Known.model_validate({**fields, "next_at": NOW + DAY, **changes})


FAILS = Effect(name="record", attempts=ON_ITS_WAY + 1, failure="the database is locked")
IN_TIME = Effect(name="record", attempts=ON_ITS_WAY, failure="the database is locked")
PAST = NOW - DAY


@pytest.mark.parametrize(
    ("books", "server", "workflow", "wanted"),
    [
        (booked(), run(), known(), []),
        (booked(), run(), None, []),
        (booked(runs=False, state="expired"), None, None, []),
        (booked(runs=False, state="expired"), run(status=Status.TERMINATED), None, []),
        (booked(), None, None, [Kind.MISSING]),
        *((booked(), run(status=status), None, [kind]) for status, kind in GONE.items()),
        *((None, run(status=status), None, [kind]) for status, kind in GONE.items()),
        (booked(), run(status=Status.COMPLETED), known(seq=4, committed=4), [Kind.AHEAD]),
        (None, run(status=Status.COMPLETED), None, [Kind.AHEAD]),
        # By the numbers of the events.
        (booked(), run(), known(seq=4, committed=4), [Kind.AHEAD]),
        (None, run(), known(), [Kind.AHEAD]),
        (booked(), run(), known(seq=2, committed=2), [Kind.BEHIND]),
        (booked(), run(reset_at=PAST), known(seq=2, committed=2), [Kind.RESET, Kind.BEHIND]),
        (booked(), run(reset_at=PAST), known(), []),
        (
            booked(),
            run(reset_at=PAST, attention="record: other content"),
            known(committed=2, waiting=True),
            [Kind.RESET, Kind.NEEDS_OPERATOR],
        ),
        (booked(runs=False, state="expired"), run(reset_at=PAST), known(seq=1, committed=1), [Kind.RESET, Kind.BEHIND]),
        # An effect on its way is none; one that fails again and again is.
        (booked(), run(), known(seq=4, waiting=True), []),
        (booked(), run(effect=IN_TIME), known(seq=4, waiting=True), []),
        (booked(), run(effect=FAILS), known(seq=4, waiting=True), [Kind.AHEAD, Kind.RETRYING]),
        (booked(), run(effect=FAILS), known(waiting=True), [Kind.RETRYING]),
        (None, run(), known(seq=1, committed=0, waiting=True), []),
        # The same event, told differently.
        (booked(), run(), known(state="suspended"), [Kind.DIFFERS]),
        (booked(), run(), known(auto_renew=False), [Kind.DIFFERS]),
        (booked(), run(), known(last_at=NOW), [Kind.DIFFERS]),
        (booked(), run(state="suspended"), None, [Kind.DIFFERS]),
        (booked(), run(state="suspended"), known(), []),
        (booked(), run(state="suspended", effect=IN_TIME), None, []),
        (booked(), run(state="suspended", effect=FAILS), None, [Kind.AHEAD, Kind.RETRYING]),
        (booked(), run(state=None, auto_renew=None), None, []),
        # The clock.
        (booked(), run(), known(next_at=PAST), [Kind.OVERDUE]),
        (booked(next_at=PAST), run(), known(), []),
        (booked(next_at=PAST), run(), None, [Kind.OVERDUE]),
        (booked(next_at=NOW - CLOCK.grace), run(), None, []),
        (booked(next_at=PAST, test_clock=True), run(), None, []),
        (booked(), run(attention="record: refused"), known(next_at=PAST, waiting=True), [Kind.NEEDS_OPERATOR]),
        (booked(next_at=PAST), run(attention="record: refused"), None, [Kind.NEEDS_OPERATOR]),
        (
            booked(),
            run(attention="event 2 is undeliverable"),
            known(next_at=PAST, undelivered=True),
            [Kind.UNDELIVERABLE, Kind.OVERDUE],
        ),
        (booked(next_at=PAST), run(problem="[TMPRL1100] nondeterminism"), None, [Kind.STUCK, Kind.OVERDUE]),
        # Nobody answers, and the books have nothing.
        (None, run(), None, [Kind.AHEAD]),
        (None, run(started_at=NOW), None, []),
        (booked(), run(reset_at=PAST), None, [Kind.RESET]),
        (booked(), run(reset_at=NOW), None, []),
        (None, None, None, []),
    ],
)
def test_a_subscription(books: Booked | None, server: Run | None, workflow: Known | None, wanted: list[Kind]) -> None:
    assert [finding.kind for finding in compare(SUBSCRIPTION, books, server, workflow, CLOCK)] == wanted


@pytest.mark.parametrize(
    ("subject", "books", "server", "workflow", "wanted"),
    [
        (ACCOUNT, booked(state=None), run(state=None), known(state=None), []),
        (ACCOUNT, None, run(state=None), known(state=None, seq=0, committed=0), []),
        (ACCOUNT, None, run(state=None), None, []),
        (ACCOUNT, booked(state=None), run(state=None), known(state=None, committed=4, seq=4), [Kind.AHEAD]),
        (ACCOUNT, booked(state=None), run(state=None), known(state=None, committed=1, seq=1), [Kind.BEHIND]),
        (ACCOUNT, booked(state=None, next_at=PAST), run(state=None), None, [Kind.OVERDUE]),
        (ACCOUNT, booked(state=None), None, None, [Kind.MISSING]),
        (ACCOUNT, booked(state=None, runs=False), None, None, []),
        (ACCOUNT, booked(state=None, runs=False), run(status=Status.TERMINATED), None, [Kind.TERMINATED]),
        (ACCOUNT, booked(state=None), run(status=Status.FAILED), None, [Kind.FAILED]),
        (DELIVERY, booked(state=None, next_at=None), run(state=None), None, []),
        (DELIVERY, booked(state=None, next_at=None), None, None, [Kind.MISSING]),
        (DELIVERY, booked(state=None, next_at=None), run(status=Status.TERMINATED), None, [Kind.TERMINATED]),
        (DELIVERY, None, run(status=Status.TERMINATED), None, []),
        (DELIVERY, None, run(status=Status.COMPLETED), None, []),
        (DELIVERY, booked(next_at=None), run(attention="event 2 is undeliverable"), None, [Kind.UNDELIVERABLE]),
    ],
)
def test_others(
    subject: Subject, books: Booked | None, server: Run | None, workflow: Known | None, wanted: list[Kind]
) -> None:
    assert [finding.kind for finding in compare(subject, books, server, workflow, CLOCK)] == wanted


def test_a_finding_says_what_happened_and_what_to_do() -> None:
    server = run(status=Status.TERMINATED, closed_at=PAST, said="wrong window (by ada)")
    (finding,) = compare(SUBSCRIPTION, booked(), server, None, CLOCK)
    assert finding.cause == (
        "It was terminated at 2027-02-28T09:00:00Z: wrong window (by ada). The books have it up to event 3, active."
    )
    assert finding.words.startswith("Its workflow was terminated: nothing of it happens any more. It was")
    assert finding.next_step.subject == "crm-1"
    (late,) = compare(SUBSCRIPTION, booked(next_at=NOW - 3 * DAY), run(), None, CLOCK)
    assert late.cause == "It was due at 2027-02-26T09:00:00Z, 3 days ago."
    assert late.due_at == NOW - 3 * DAY


@pytest.mark.parametrize("status", GONE)
def test_only_a_failed_start_is_not_started_again(status: Status) -> None:
    for books in (None, booked()):
        (finding,) = compare(SUBSCRIPTION, books, run(status=status), None, CLOCK)
        failed_start = status is Status.FAILED and books is None
        assert finding.next_step.do is (Do.LOOK_AT_WORKFLOW if failed_start else Do.REPAIR)
        assert (finding.cure is None) is failed_start


@pytest.mark.parametrize(
    ("books", "server", "workflow", "wanted"),
    [
        (booked(), None, None, Cure.REBUILD),
        (booked(), run(status=Status.TERMINATED), known(), Cure.REBUILD),
        (booked(), run(status=Status.TIMED_OUT), known(seq=2, committed=2), Cure.REBUILD),
        (booked(), run(status=Status.FAILED), known(seq=4, asked=True), Cure.REBUILD),
        # What the books do not have is in the run alone.
        (booked(), run(status=Status.TERMINATED), None, Cure.RESUME),
        (booked(), run(status=Status.TERMINATED), known(seq=4), Cure.RESUME),
        (booked(), run(status=Status.TERMINATED), known(waiting=True), Cure.RESUME),
        (booked(), run(status=Status.CANCELED), known(asked=True), Cure.RESUME),
        (None, run(status=Status.TERMINATED), known(seq=1), Cure.RESUME),
        # It runs.
        (booked(), run(), known(seq=2, committed=2), None),
        (booked(), run(problem="[TMPRL1100] nondeterminism"), known(), None),
        # The books lack what it has written.
        (booked(), run(), known(seq=5, committed=5), Cure.BACKFILL),
        (None, run(), known(), Cure.BACKFILL),
        (booked(), run(status=Status.COMPLETED), known(seq=4), Cure.BACKFILL),
        (None, run(status=Status.COMPLETED), None, Cure.BACKFILL),
        # It has written nothing that they lack, or nobody knows.
        (booked(), run(effect=FAILS), known(seq=4, waiting=True), None),
        (booked(), run(state="suspended", effect=FAILS), None, None),
    ],
)
def test_how_it_is_started_again(
    books: Booked, server: Run | None, workflow: Known | None, wanted: Cure | None
) -> None:
    (finding, *_) = compare(SUBSCRIPTION, books, server, workflow, CLOCK)
    assert finding.cure is wanted


def test_a_delivery_is_started_again_behind_what_is_done() -> None:
    for server in (None, run(status=Status.TERMINATED)):
        (finding,) = compare(DELIVERY, booked(), server, None, CLOCK)
        assert finding.cure is Cure.DELIVER


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_meaning_and_a_cure(kind: Kind) -> None:
    for recorded in (None, 3):
        finding = Finding(
            noun=Noun.SUBSCRIPTION, id="crm-1", kind=kind, cause="", workflow_id="subscription:crm-1", recorded=recorded
        )
        assert kind.words
        assert str(finding.next_step).endswith(".")


UNFINISHED, OVER = Booked(runs=True, state="running"), Booked(runs=False, state="done")


@pytest.mark.parametrize(
    ("books", "server", "wanted", "cure", "step"),
    [
        (UNFINISHED, run(), [], None, None),
        (OVER, run(status=Status.COMPLETED), [], None, None),
        (OVER, run(status=Status.TERMINATED), [], None, None),
        (UNFINISHED, None, [Kind.MISSING], Cure.REBUILD, Do.REPAIR),
        *((UNFINISHED, run(status=status), [kind], Cure.REBUILD, Do.REPAIR) for status, kind in GONE.items()),
        (UNFINISHED, run(status=Status.COMPLETED), [Kind.AHEAD], Cure.REBUILD, Do.REPAIR),
        (None, run(), [Kind.AHEAD], None, Do.LOOK_AT_WORKFLOW),
        (None, run(status=Status.FAILED), [Kind.FAILED], None, Do.LOOK_AT_WORKFLOW),
        (None, run(status=Status.TERMINATED), [], None, None),
        (None, run(status=Status.COMPLETED), [], None, None),
    ],
)
def test_a_bulk_operation(
    books: Booked | None, server: Run | None, wanted: list[Kind], cure: Cure | None, step: Do | None
) -> None:
    found = compare(BULK, books, server, None, Clock(now=NOW))
    assert [each.kind for each in found] == wanted
    assert {each.cure for each in found} <= {cure}
    assert {each.next_step.do for each in found} <= {step}
    for each in found:
        words = each.next_step.phrase
        assert ("Start the request again: what is done already is unchanged" in words) == (books is None)
