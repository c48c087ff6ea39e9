"""Carries out a bulk operation from the command line: shown, confirmed, begun, and followed to its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from activities.random_ids import random_id
from cli.bulk.options import Carrying
from cli.bulk.view import plan_document, print_plan, print_view, verb, view_document
from cli.confirming import at_a_terminal, confirm
from cli.failure import Failure, Misused
from cli.next_step import command_for, line_of
from cli.printing.progress import Progress
from cli.printing.screen import counted, print_json, say
from cli.running import stopped_with, use
from cli.sent import again_under
from cli.start import typed
from domain.bulk.items import ItemStatus
from domain.bulk.operations import BulkState
from domain.bulk.requests import MoveRun
from domain.next_step import Do, NextStep
from perennial.bulk.bulk import Bulk, Pace
from perennial.bulk.planning import Choice, Plan, UnknownSubscriptions
from workflows.bulk.messages import BulkProgress
from workflows.calls.errors import NotAnswered

if TYPE_CHECKING:
    from perennial.use_cases import Perennial

SHOWN, SENT = "shown", "sent"
Unknown = Callable[[Sequence[str]], Misused]


def carry_out(choice: Choice, carrying: Carrying, unknown: Unknown | None = None) -> None:
    """Show what the operation comes to, ask, carry it out and follow it.

    `unknown` makes the failure for subscriptions of a file that do not exist.
    """
    carrying.check()
    action = verb(choice.request.action)
    if not (carrying.yes or carrying.dry_run or at_a_terminal()):
        raise Misused(
            f"bulk {action} asks before it acts, and there is no terminal to ask at: "
            "add --yes to do it, or --dry-run to see what it would do."
        )
    bulk_id = carrying.id or f"{action}-{random_id(8)}"
    use(lambda perennial: _carry_out(perennial, choice, carrying, bulk_id, unknown), carrying.address)


async def _carry_out(
    perennial: Perennial, choice: Choice, carrying: Carrying, bulk_id: str, unknown: Unknown | None
) -> None:
    bulk = perennial.bulk
    choice = await bulk.resolved(choice)
    begun = await bulk.begun(bulk_id, choice.request) if carrying.id and not carrying.dry_run else None
    if begun is None:
        plan = await _planned(bulk, choice, unknown)
        if not _is_wanted(plan, carrying):
            return
        starting: Awaitable[object] = bulk.start(bulk_id, plan, Pace(carrying.rate, carrying.canary))
    else:
        say(f"Bulk operation {bulk_id} has begun before: nothing is begun twice.", stderr=True)
        starting = bulk.start_again(begun, carrying.canary)
    perhaps = f"Bulk operation {bulk_id} has perhaps begun, and then goes on by itself"
    try:
        with stopped_with(lambda: [f"{perhaps}. Asked again it is done once: {again_under('--id', bulk_id)}"]):
            await starting
    except NotAnswered as error:
        words = f"Bulk operation {bulk_id} is written down, and has perhaps not begun"
        raise Failure(f"{line_of(error).rstrip('.')}. {words}: {_step(Do.RESUME_BULK, bulk_id)}") from None
    if not carrying.no_wait:
        await _followed(bulk, bulk_id)
    view = await bulk.view(bulk_id)
    if carrying.as_json:
        print_json(view_document(view))
    else:
        print_view(view)
    if carrying.no_wait:
        say(f"It goes on by itself. {_steps(bulk_id)}", stderr=True)
    elif view.state is not BulkState.DONE:
        raise Failure(_how_to_go_on(bulk_id, view.state))


async def _planned(bulk: Bulk, choice: Choice, unknown: Unknown | None) -> Plan:
    far = "none"

    def note(done: int, of: int) -> None:
        nonlocal far
        far = f"{done:,} of {of:,}"
        progress.note(SHOWN, far)

    with stopped_with(lambda: [f"Shown: {far}. Nothing was begun. Again: {typed()}"]), Progress() as progress:
        progress.begin(SHOWN, "preview")
        try:
            plan = await bulk.plan(choice, note)
        except UnknownSubscriptions as error:
            if unknown is None:
                raise
            raise unknown(error.ids) from None
        progress.end(SHOWN)
    return plan


def _is_wanted(plan: Plan, carrying: Carrying) -> bool:
    """Show the plan, and ask. Raises Failure if nothing can be done, and Abort if the answer is no."""
    nothing = not plan.totals.count(ItemStatus.WAITING)
    if carrying.dry_run or nothing:
        if carrying.as_json:
            print_json(plan_document(plan))
        else:
            print_plan(plan)
        all_there = isinstance(plan.request.ask, MoveRun) and not plan.items
        if nothing and not (carrying.dry_run or all_there):
            raise Failure("There is nothing to do.")
        return False
    if not carrying.yes:
        print_plan(plan, stderr=carrying.as_json)
        confirm()
    return True


async def _followed(bulk: Bulk, bulk_id: str) -> None:
    """Show the progress until it has ended or is paused; Ctrl-C leaves it running."""
    far = ""

    def note(now: BulkProgress) -> None:
        nonlocal far
        far = f": {_note(now)} by now"
        progress.note(SENT, _note(now))

    goes_on = f"Bulk operation {bulk_id} goes on by itself"
    with stopped_with(lambda: [f"{goes_on}{far}. {_steps(bulk_id)}"]), Progress() as progress:
        progress.begin(SENT, bulk_id)
        try:
            await bulk.settled(bulk_id, note)
        except NotAnswered as error:
            raise Failure(f"{line_of(error).rstrip('.')}. It goes on by itself. {_steps(bulk_id)}") from None
        progress.end(SENT)


def _note(now: BulkProgress) -> str:
    failed = now.counts.get(ItemStatus.FAILED, 0)
    return f"{now.items - now.left:,} of {counted(now.items, 'item')}{f', {failed:,} failed' if failed else ''}"


def _how_to_go_on(bulk_id: str, state: BulkState) -> str:
    if state.final:
        return f"Bulk operation {bulk_id} was stopped: what was not sent is untouched."
    words = f"Bulk operation {bulk_id} is {state.value}."
    return f"{words} See what failed: {_step(Do.SHOW_BULK, bulk_id)}. Then go on: {_step(Do.RESUME_BULK, bulk_id)}"


def _steps(bulk_id: str) -> str:
    """Look, pause and go on."""
    steps = (("Look", Do.SHOW_BULK), ("pause", Do.PAUSE_BULK), ("resume", Do.RESUME_BULK))
    return "; ".join(f"{words}: {_step(do, bulk_id)}" for words, do in steps)


def _step(do: Do, bulk_id: str) -> str:
    return command_for(NextStep(do, bulk_id))
