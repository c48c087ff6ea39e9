"""Usage that another system has not billed: what a row may say of it, and how it is written back (USE-1, USE-2)."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from domain.faults import Fault
from domain.subscription.events import State
from domain.subscription.subscription import Subscription
from domain.subscription.usage import Report
from domain.takeover.row import MAX_USAGE, TakeoverRow, UsageRow
from domain.values import format_instant


def usage_faults(row: TakeoverRow, subscription: Subscription, now: datetime) -> Iterator[Fault]:
    """Usage must be of the running billing period: all before is billed, and what is free in a trial is not kept."""
    if not subscription.offer.metered:
        if row.unbilled_usage:
            yield Fault(
                ("unbilled_usage",), f"{len(row.unbilled_usage)} reports", "nothing for a licence offer (CXL-6)"
            )
        return
    if row.state is State.SUSPENDED:
        words = "trial or active: a usage offer is not taken over while suspended; reactivate or end it there"
        yield Fault(("state",), row.state.value, words)
    if row.quantity != 1:
        yield Fault(("quantity",), row.quantity, "1: a usage offer has no quantity (CXL-6)")
    if row.refundable:
        yield Fault(("refundable",), ", ".join(row.refundable), "nothing: usage is not refunded (CXL-6)")
    if row.unbilled_usage and subscription.term is None:
        yield Fault(("unbilled_usage",), f"{len(row.unbilled_usage)} reports", "nothing: usage is free in a trial")
        return
    seen: set[str] = set()
    for index, report in enumerate(row.unbilled_usage):
        field = ("unbilled_usage", index)
        if report.usage_id in seen:
            yield Fault((*field, "usage_id"), report.usage_id, "each report once")
        seen.add(report.usage_id)
        start = subscription.billing_period(subscription.period).start
        if not start <= report.used_at <= now:
            span = f"from the beginning of the running billing period ({format_instant(start)}) to now"
            yield Fault((*field, "used_at"), report.used_at, f"an instant {span}")


def reports_in(row: TakeoverRow) -> tuple[Report, ...]:
    """The reports as the books keep them: they are billed at the end of the running period."""
    return tuple(Report(usage_id=each.usage_id, used_at=each.used_at, units=each.units) for each in row.unbilled_usage)


def why_not_written(subscription: Subscription, unbilled: Iterable[Report]) -> str | None:
    """Why a usage subscription cannot be taken over elsewhere with these unbilled reports; None if it can."""
    reports = list(unbilled)
    if subscription.state is State.SUSPENDED:
        return "is to a usage offer and suspended"
    known = {each.usage_id for each in reports}
    if any(each.corrects and each.corrects not in known for each in reports):
        return "has a correction of usage that is billed"
    start = subscription.billing_period(subscription.period).start if subscription.term else None
    if start is not None and any(each.used_at < start for each in reports):
        return "has late usage that is not billed yet"
    if len(usage_rows(subscription, reports)) > MAX_USAGE:
        return f"has more than {MAX_USAGE} usage reports that are not billed"
    return None


def usage_rows(subscription: Subscription, unbilled: Iterable[Report]) -> tuple[UsageRow, ...]:
    """The reports of a row: of a corrected one, its last correction. What is used in a trial is free."""
    if subscription.term is None:
        return ()
    reports = list(unbilled)
    corrected = {each.corrects for each in reports}
    return tuple(
        UsageRow(usage_id=each.usage_id, used_at=each.used_at, units=each.units)
        for each in reports
        if each.usage_id not in corrected
    )
