"""What people see of a subscription: the details query, and the current details in the Web UI."""

from datetime import datetime, timedelta

from domain.conflict import Conflict
from domain.subscription.ends import deleted_at, expires_at, refund_open
from domain.subscription.scheduled import in_words
from statemachines.subscription.life import Life
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.narrative import headline, later_prices
from statemachines.subscription.suspension import end_in_words
from statemachines.subscription.timeline import SPREAD, timeline
from workflows.durable.clock import TestClock
from workflows.durable.markdown import EVENTS_SHOWN, attention_line, refused_signals_line, second, table
from workflows.notifications.messages import Stream, notification_lines
from workflows.subscription.messages import Details

NOBODY = Stream()
"""The stream of a subscription whose publisher is not notified."""


def details(
    life: Life,
    lifecycle: Lifecycle,
    now: datetime,
    attention: str | None,
    clock: TestClock | None,
    stream: Stream = NOBODY,
    conflict: Conflict | None = None,
    late_by: timedelta = timedelta(0),
) -> Details:
    """The subscription at that instant."""
    s = life.subscription
    return Details(
        subscription_id=s.subscription_id,
        customer_id=s.customer_id,
        offer_id=s.offer.id,
        state=s.state,
        now=now,
        auto_renew=s.auto_renew,
        quantity=s.quantity,
        add_ons=s.add_ons,
        term=s.term,
        trial_end=s.trial_end,
        holds=s.holds,
        ends_at=expires_at(s),
        deletes_at=deleted_at(s),
        refund_closes=s.refund_closes if refund_open(s, now) else None,
        allowed=tuple(lifecycle.allowed(s, now)),
        timeline=tuple(timeline(s, now)),
        seq=s.seq,
        committed=life.committed,
        provisioned=life.provisioned,
        attention=attention,
        refused_signals=life.refused_signals,
        refused_signal_count=life.refused_signal_count,
        clock=clock,
        publisher=stream.publisher,
        told=stream.told,
        undelivered=stream.trouble,
        conflict=conflict,
        late_by=late_by,
        scheduled_changes=s.scheduled_changes,
    )


def markdown(
    life: Life,
    lifecycle: Lifecycle,
    now: datetime,
    attention: str | None,
    stream: Stream = NOBODY,
    conflict: Conflict | None = None,
    late_by: timedelta = timedelta(0),
) -> str:
    """State, what happens next and why, what is allowed until when, the last events."""
    s = life.subscription
    lines = [f"## {s.state.value.capitalize()}: {s.quantity} x {s.offer.id} for {s.customer_id}"]
    lines += attention_line(attention, conflict)
    lines += notification_lines(stream, life.committed)
    if s.holds:
        holds = ", ".join(
            f"{hold.reason.value} since {second(hold.at)}" + (f" until {second(hold.until)}" if hold.until else "")
            for hold in s.holds
        )
        lines += ["", f"**Holds:** {holds}. {end_in_words(s)}"]
    if upcoming := timeline(s, now):
        milestones = ((second(m.at), headline(lifecycle, s, m), m.rule.value) for m in upcoming)
        lines += ["", "### What comes next", "", *table(("when (UTC)", "what", "rule"), milestones)]
        if late_by and any(m.what in SPREAD for m in upcoming):
            lines += ["", f"Charges are written {late_by.total_seconds():.1f} s after these instants, dated by them."]
    if changes := in_words(s.scheduled_changes, s.offer.id):
        lines += ["", f"**From the renewal on:** {changes}."]
    for change in later_prices(s, now):
        lines += ["", f"**Price then:** {change}."]
    if allowed := lifecycle.allowed(s, now):
        window = f" A cancel is credited until {second(s.refund_closes)}." if refund_open(s, now) else ""
        lines += ["", f"**Allowed now:** {', '.join(allowed)}.{window}"]
    last = reversed(life.recent[-EVENTS_SHOWN:])
    rows = ((e.seq, second(e.at), e.event.value, e.actor or e.by, e.rule) for e in last)
    lines += ["", "### Last events", "", *table(("seq", "when (UTC)", "event", "by", "rule"), rows)]
    lines += refused_signals_line(life.refused_signal_count, life.refused_signals)
    return "\n".join(lines)
