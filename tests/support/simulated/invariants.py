"""The invariants of DOMAIN section 12 that one simulated life can keep or break, each as a check that asserts."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from domain.calendar import Period
from domain.roles import Action
from domain.rules import Rule
from domain.subscription.commands import Command, ReportUsage
from domain.subscription.decision import Answer
from domain.subscription.events import EventName, State
from domain.subscription.holds import pause_of
from domain.subscription.ledger import Kind
from domain.subscription.pricing import unbilled_rows
from domain.subscription.subscription import Subscription
from statemachines.audit.recorded import Recorded
from statemachines.audit.subscription import audit
from statemachines.preview.simulator import Simulator
from statemachines.subscription.timeline import What, timeline
from tests.support.simulated.life import LIVING

RULES = frozenset(Rule)


def the_invariants_hold(simulator: Simulator) -> None:
    """All that the books of one life show of them."""
    for check in OF_THE_BOOKS.values():
        check(simulator)


def periods_tile_1(simulator: Simulator) -> None:
    """Of one line: within a term end to end, and a renewal begins where its term before ended."""
    lines: dict[str, list[tuple[int, int, Period]]] = defaultdict(list)
    offer = simulator.life.subscription.offer
    usage = {offer.id} if offer.metered else set()
    for row in simulator.book.rows:
        if row.key.startswith("term-") and row.line not in usage:
            term, period = (int(part.split("-")[1]) for part in row.key.split("/")[:2])
            lines[row.line].append((term, period, row.period))
    for charged in lines.values():
        for (term, number, before), (next_term, next_number, after) in pairwise(charged):
            assert (term, number) < (next_term, next_number)
            assert before.start < before.end <= after.start
            if (next_term, next_number) == (term, number + 1):
                assert before.end == after.start
    for before_it, event in pairwise(simulator.book.events):
        if event.event is EventName.RENEWED:
            assert before_it.at <= event.at
            assert all(row.period.start == event.at for row in event.rows)
    subscription = simulator.life.subscription
    if subscription.term and subscription.state is State.ACTIVE:
        running = subscription.billing_period(subscription.period)
        assert subscription.term.start <= running.start <= subscription.last_at
        assert running.end <= subscription.term.end


def one_charge_per_key_2(simulator: Simulator) -> None:
    """And no row of zero (MON-2)."""
    rows = simulator.book.rows
    assert len({row.key for row in rows}) == len(rows)
    assert all(row.amount > 0 for row in rows)


def credits_never_exceed_charges_3(simulator: Simulator) -> None:
    """At any moment, of the order and of each of its lines; credited in full it nets to zero (CXL-5)."""
    balance: dict[str, Decimal] = defaultdict(Decimal)
    for row in simulator.book.rows:
        balance[row.line] += row.amount if row.kind is Kind.CHARGE else -row.amount
        assert balance[row.line] >= 0
    subscription = simulator.life.subscription
    last = simulator.book.events[-1]
    if _left_past_its_end(simulator):
        assert not last.rows, "LIF-3"
    elif last.rule in {Rule.CXL_2, Rule.CXL_8} and not subscription.policy.window_reopens_on_renewal:
        assert last.event is EventName.CANCELLATION_SCHEDULED or not any(balance.values())


def _left_past_its_end(simulator: Simulator) -> bool:
    """Whether the subscription was cancelled or expired past the end of its term, after its refund window."""
    subscription, last = simulator.life.subscription, simulator.book.events[-1]
    term = subscription.term
    past = term is not None and last.at >= max(term.end, subscription.refund_closes)
    return past and last.rule == Rule.CXL_8 and last.event is EventName.CANCELLED


def charged_only_while_it_is_paid_for_4(simulator: Simulator) -> None:
    """No licence charge in trial, while suspended (where the pack says so) or after the end."""
    bill_while_suspended = simulator.life.subscription.policy.bill_while_suspended
    paid = {State.ACTIVE, State.SUSPENDED} if bill_while_suspended else {State.ACTIVE}
    for event in simulator.book.events:
        charges = [row for row in event.rows if row.kind is Kind.CHARGE]
        assert not charges or event.state in paid
        assert all(row.at == event.at for row in event.rows)
        assert all(row.period.start <= event.at < row.period.end for row in charges)


def access_exactly_in_trial_and_active_5(simulator: Simulator) -> None:
    """The intervals that the events' states say, those of no length left out (LIF-4)."""
    wanted: list[list[datetime | None]] = []
    for event in simulator.book.events:
        is_open = bool(wanted) and wanted[-1][1] is None
        if event.state in {State.TRIAL, State.ACTIVE}:
            if not is_open:
                wanted.append([event.at, None])
        elif is_open:
            wanted[-1][1] = event.at
    assert [[i.start, i.end] for i in simulator.book.access] == [i for i in wanted if i[0] != i[1]]


def terminal_states_stay_terminal_6(simulator: Simulator) -> None:
    """Whatever was asked after the end; late usage may be settled, once, and leaves the state (USE-2)."""
    events = simulator.book.events
    final = [event for event in events if event.state.ended]
    assert final == events[len(events) - len(final) :]
    assert [event.event for event in final[1:]] in ([], [EventName.USAGE_SETTLED])
    assert len({event.state for event in final}) <= 1


def every_change_is_numbered_and_accounted_for_8(simulator: Simulator) -> None:
    """Actor, reason, rule; the number before plus 1; before and after without a gap (ROL-3)."""
    events = simulator.book.events
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    for before, after in pairwise(events):
        assert before.at <= after.at
        assert before.after == after.before
    for event in events:
        assert event.by
        assert event.rule in RULES
        assert event.after.state == event.state
        assert event.reason or event.event is not EventName.SUSPENDED
    assert simulator.life.subscription.facts == events[-1].after
    assert simulator.life.committed == simulator.life.provisioned == len(events)


def the_ledger_is_what_the_events_say_14(simulator: Simulator) -> None:
    """Each row came with an event; usage rows are held to the reports by the audit (USE-2)."""
    offer = simulator.life.subscription.offer
    announced = {row.key: row for event in simulator.book.events for row in event.rows}
    others = [row for row in simulator.book.rows if announced.get(row.key) != row]
    assert sum(len(event.rows) for event in simulator.book.events) + len(others) == len(simulator.book.rows)
    assert all(row.line == offer.id and offer.metered for row in others)


def used_units_are_billed_once_sus_10(simulator: Simulator) -> None:
    """Nothing used in trial, nothing twice, and all of it once late usage is settled (USE-2)."""
    subscription = simulator.life.subscription
    if not subscription.offer.metered:
        assert not simulator.book.usage
        return
    since, reports = subscription.first_billing, simulator.book.usage.values()
    used = [row for row in reports if subscription.term and since and row.used_at >= since]
    assert all(row in used for row in reports if row.billed_by is not None)
    if simulator.life.ended:
        paid = [row for row in used if row.billed_by is not None]
        # Of what was never billed each period comes to less than a minor unit.
        assert used == paid or subscription.unbilled is None or not unbilled_rows(subscription, subscription.last_at)


def nothing_is_dated_after_the_clock_16(simulator: Simulator, now: datetime) -> None:
    """No event, row or interval of access is later than the instant that the life was moved to."""
    book = simulator.book
    assert all(event.at <= now for event in book.events)
    assert all(row.at <= now for row in book.rows)
    assert all((interval.end or interval.start) <= now for interval in book.access)


def refused_or_unchanged_changes_nothing_10(before: Subscription, after: Subscription, answer: Answer) -> None:
    """A command that is accepted is an event or a usage report; any other leaves the subscription as it was.

    But prices that a newer catalog sends again are its prices from then on: an older one's come too late (BUY-5).
    """
    if answer.outcome in {"refused", "unchanged"}:
        newest = max(before.catalog_version, after.catalog_version)
        told = answer.do == "change_price" and answer.outcome == "unchanged"
        assert after == (before.model_copy(update={"catalog_version": newest}) if told else before)
        assert answer.effective_at is None
    elif answer.do == "report_usage":
        # Late usage is counted: it may bring a milestone (USE-2).
        assert after == before.model_copy(update={"unbilled": after.unbilled})
    else:
        assert after.seq > before.seq


def the_deletion_date_stands_11(before: Subscription, after: Subscription) -> None:
    """It is shown exactly while a hold stands that is no pause, and stays from the first to the last.

    A pause moves it: to its end if that is later, or where it replaces a hold of the customer's (SUS-11).
    """
    assert (after.deletes_at is not None) == any(hold.until is None for hold in after.holds)
    pause = pause_of(after.holds)
    if pause and pause.until and after.deletes_at:
        assert after.deletes_at >= pause.until
    if before.deletes_at and after.deletes_at and (pause is None or pause in before.holds):
        assert before.deletes_at == after.deletes_at


def answers_the_money_10(simulator: Simulator, rows: int, answer: Answer) -> None:
    """`credit` and `charge` hold the totals of the rows written."""
    written = simulator.book.rows[rows:]
    for kind, money in ((Kind.CHARGE, answer.charge), (Kind.CREDIT, answer.credit)):
        amounts = [row.amount for row in written if row.kind is kind]
        assert (money.amount if money else None) == (sum(amounts) if amounts else None)


def done_only_if_allowed_lif_1(before: Subscription, at: datetime, answer: Answer) -> None:
    """What was done was among the commands that the subscription showed as allowed.

    Usage from the time of access is taken whatever the state is now, and not shown (USE-1).
    """
    late_usage = answer.do == Action.REPORT_USAGE and not before.state.users_have_access
    if answer.outcome not in {"refused", "unchanged"} and not late_usage:
        assert answer.do in LIVING.lifecycle.allowed(before, at)


def usage_is_taken_with_access_use_1(simulator: Simulator, command: Command, answer: Answer) -> None:
    """What was used is taken of instants with access alone; a correction stands for a report that was (USE-1)."""
    if isinstance(command, ReportUsage) and command.corrects is None and answer.outcome == "done":
        used_at, access = command.used_at or answer.at, simulator.book.access
        assert any(each.start <= used_at and (each.end is None or used_at < each.end) for each in access)


def credited_only_in_the_window_9(before: Subscription, after: Subscription, at: datetime, answer: Answer) -> None:
    """A paid term is credited exactly while the timeline shows the window, and left uncredited past its end (LIF-3)."""
    if answer.do == Action.CANCEL and answer.outcome not in {"refused", "unchanged"} and before.term:
        credited = answer.outcome == "cancelled_with_credit"
        assert credited == any(m.what is What.REFUND_WINDOW_CLOSES for m in timeline(before, at))
        assert after.state.ended == (credited or before.lapsed(at))


def the_audit_finds_nothing(simulator: Simulator) -> None:
    """What `check` says of a live database is said of no life that was lived by the rules."""
    book, subscription = simulator.book, simulator.life.subscription
    recorded = Recorded(
        subscription_id=subscription.subscription_id,
        offer=subscription.offer,
        policy=subscription.policy.name,
        events=tuple(book.events),
        rows=tuple(book.rows),
        access=tuple(book.access),
        reports=tuple(book.usage.values()),
        settled=subscription.usage_closed,
    )
    assert audit(recorded) == []
    assert recorded.access_confirmed


OF_THE_BOOKS: dict[str, Callable[[Simulator], None]] = {
    "1 periods tile": periods_tile_1,
    "2 one charge per key": one_charge_per_key_2,
    "3 credits never exceed charges": credits_never_exceed_charges_3,
    "4 charged only while paid for": charged_only_while_it_is_paid_for_4,
    "5 access in trial and active": access_exactly_in_trial_and_active_5,
    "6 the end is final": terminal_states_stay_terminal_6,
    "8 numbered, with actor and rule": every_change_is_numbered_and_accounted_for_8,
    "14 the ledger is what the events say": the_ledger_is_what_the_events_say_14,
    "SUS-10 usage is billed once": used_units_are_billed_once_sus_10,
    "audit": the_audit_finds_nothing,
}
"""The invariants by number and words."""
