"""What a bulk operation comes to, as text and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from cli.printing.screen import counted, print_facts, second
from cli.rule_words import refused_by
from domain.bulk.items import Item, ItemStatus
from domain.bulk.operations import Operation, Refusals
from domain.bulk.requests import BulkRequest, MoveRun, TakePolicy
from domain.bulk.totals import Totals
from domain.money import Money
from perennial.bulk.bulk import BulkView
from perennial.bulk.planning import Plan
from statemachines.subscription.documents import instant_document, money_document

WORDS = {
    "change_quantity": "quantity",
    "change_price": "price",
    "set_auto_renew": "auto-renew",
    "take_policy": "policy",
    "move_run": "migrate",
}
"""How a command is typed, where its name differs."""


def verb(action: str) -> str:
    """The command under `bulk` that does it."""
    return WORDS.get(action, action)


def words_of(request: BulkRequest) -> str:
    """What is done, with its arguments, such as `quantity 5` or `suspend fraud`."""
    hidden = {"do", "by", "actor", "at", "command_id", "expected", "details", "policy"}
    given = request.ask.model_dump(mode="json", exclude_none=True, exclude=hidden)
    if request.selection.rows is not None:
        given = {name: value for name, value in given.items() if name not in {"quantity", "unit_price"}}
    switch = {True: "on", False: "off"}
    values = [switch[value] if isinstance(value, bool) else str(value) for value in given.values()]
    if "until" in given:
        values = [*values[:-1], f"until {values[-1]}"]
    if isinstance(request.ask, MoveRun):
        values = [f"to {request.ask.to}"]
    if isinstance(request.ask, TakePolicy):
        values = [request.ask.policy.name, f"version {request.ask.policy.version}"]
    return " ".join([verb(request.action), *values])


def print_plan(plan: Plan, *, stderr: bool = False) -> None:
    """Print what the operation would come to."""
    totals, request = plan.totals, plan.request
    heading = _heading(request, totals.items)
    print_facts(_facts(totals, plan.refusals, ItemStatus.WAITING), heading=heading, stderr=stderr)


def _heading(request: BulkRequest, items: int) -> str:
    if isinstance(request.ask, MoveRun):
        return f"{words_of(request)} for {counted(items, 'workflow')} on another version"
    return f"{words_of(request)} for {counted(items, 'subscription')}: {request.selection}"


def plan_document(plan: Plan) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "action": verb(plan.request.action),
        "request": _request_document(plan.request),
        "selection": plan.request.selection.model_dump(mode="json", exclude_none=True),
        **totals_document(plan.totals, ItemStatus.WAITING),
        "refusals": [_refusal_document(each) for each in plan.refusals],
    }


def print_view(view: BulkView) -> None:
    """Print an operation as it is now."""
    operation, totals = view.operation, view.totals
    request = operation.request
    heading = f"{operation.bulk_id}: {_heading(request, operation.items)}"
    print_facts([*_standing(view), *_facts(totals, view.refusals, ItemStatus.DONE)], heading=heading)


def view_document(view: BulkView) -> dict[str, Any]:
    """The same as JSON; `shown` is what was shown before it began."""
    operation = view.operation
    return {
        **operation_document(operation),
        "state": view.state.value,
        "reason": view.reason,
        "workflow": "running" if view.progress else None,
        "trouble": view.trouble.message if view.trouble else None,
        **totals_document(view.totals, ItemStatus.DONE),
        "shown": totals_document(operation.shown, ItemStatus.WAITING),
        "refusals": [_refusal_document(each) for each in view.refusals],
    }


def operation_document(operation: Operation) -> dict[str, Any]:
    """An operation without its items."""
    return {
        "id": operation.bulk_id,
        "action": verb(operation.request.action),
        "request": _request_document(operation.request),
        "selection": operation.request.selection.model_dump(mode="json", exclude_none=True),
        "started_at": instant_document(operation.started_at),
        "state": operation.state.value,
        "reason": operation.reason,
        "ended_at": instant_document(operation.ended_at),
        "per_second": operation.per_second,
        "items": operation.items,
    }


def _request_document(request: BulkRequest) -> dict[str, Any]:
    """What is sent to each; of a file, to the first."""
    document: dict[str, Any] = request.ask.model_dump(mode="json", exclude_none=True, exclude={"expected"})
    return document


def item_document(item: Item) -> dict[str, Any]:
    """An item of the report."""
    return {
        "id": item.subject,
        "status": item.status.value,
        "outcome": item.outcome and item.outcome.value,
        "rule": item.rule,
        "message": item.message,
        "credit": money_document(item.credit) if item.credit else None,
        "charge": money_document(item.charge) if item.charge else None,
        "at": instant_document(item.at),
    }


def totals_document(totals: Totals, status: ItemStatus) -> dict[str, Any]:
    """How many items there are of each status, and the money of those of this one."""
    return {
        "items": totals.items,
        "counts": {each.value: totals.count(each) for each in ItemStatus},
        "outcomes": {outcome.value: count for outcome, count in totals.outcomes(status).items()},
        "credits": [money_document(money) for money in totals.credits(status)],
        "charges": [money_document(money) for money in totals.charges(status)],
    }


def _standing(view: BulkView) -> Iterator[tuple[str, str]]:
    operation = view.operation
    yield "state", f"{view.state.value}{f': {view.reason}' if view.reason else ''}"
    if view.trouble:
        yield "trouble", view.trouble.message
    ended = f", ended {second(operation.ended_at)}" if operation.ended_at else ""
    yield "started", f"{second(operation.started_at)}{ended} UTC, at most {operation.per_second:,} per second"


def _facts(totals: Totals, refusals: Sequence[Refusals], status: ItemStatus) -> Iterator[tuple[str, str]]:
    """The counts, the money of the items of that status, and what is not done with an example of each."""
    for each in (ItemStatus.DONE, ItemStatus.WAITING):
        if count := totals.count(each):
            yield "to do" if each is ItemStatus.WAITING else each.value, f"{count:,}{_outcomes(totals, each)}"
    for name, money in (("credits", totals.credits(status)), ("charges", totals.charges(status))):
        if money:
            yield name, ", ".join(map(_amount, money))
    if count := totals.count(ItemStatus.UNCHANGED):
        yield "unchanged", f"{count:,}"
    for refused in refusals:
        why = refused_by(refused.rule, refused.message) if refused.rule else refused.message
        yield refused.status.value, f"{refused.items:,}, such as {refused.subject}: {why}"


def _outcomes(totals: Totals, status: ItemStatus) -> str:
    """What becomes of them, where that differs."""
    found = totals.outcomes(status)
    if len(found) < 2:
        return ""
    return f": {', '.join(f'{count:,} {outcome.value}' for outcome, count in found.items())}"


def _amount(money: Money) -> str:
    return f"{money.currency} {money.amount:,f}"


def _refusal_document(refused: Refusals) -> dict[str, Any]:
    return refused.model_dump(mode="json")
