"""How a change is asked for: built from what was typed, sent, and its answer printed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from activities.random_ids import random_id
from cli.confirming import confirm, require_terminal
from cli.options import Asking, Confirming, SubscriptionId, request_of, with_options
from cli.printing import answer as answers
from cli.running import use
from cli.sent import Sent
from domain.subscription.commands import Command
from domain.subscription.decision import Outcome

if TYPE_CHECKING:
    from domain.subscription.decision import Answer
    from perennial.subscription.commands import Commands
    from perennial.use_cases import Perennial

C = TypeVar("C", bound=Command)
A = TypeVar("A", bound=Asking)


def asked(send: Callable[[str, C, A], None]) -> Callable[[Callable[..., C]], Callable[..., None]]:
    """Make a command of the command line out of a function that builds the command to a subscription.

    It takes a subscription and what the function takes, with `asking` among it, and sends what the function returns.
    `inspect.unwrap` gives the function back, for those who want the command alone.
    """

    def of(build: Callable[..., C]) -> Callable[..., None]:
        @functools.wraps(build)
        def run(subscription: str, **given: Any) -> None:
            send(subscription, build(**given), given["asking"])

        signature = inspect.signature(build, eval_str=True)
        whose = inspect.Parameter("subscription", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=SubscriptionId)
        whole = signature.replace(parameters=[whose, *signature.parameters.values()], return_annotation=None)
        run.__signature__ = whole  # type: ignore[attr-defined]  # what `with_options` reads
        return with_options(run)

    return of


def built(kind: type[C], asking: Asking, **fields: object) -> C:
    """The command as it was typed, under a new id where none was given. Raises Misused."""
    return request_of(kind, asking, command_id=asking.command_id or random_id(), **fields)


def ask(subscription: str, command: Command, asking: Asking) -> None:
    """Send the command, and print its answer once it is in the books."""
    wait, sent = not asking.no_wait, _sent(command, asking)

    async def send(perennial: Perennial) -> Answer:
        return await sent.answered(lambda: perennial.commands.send(subscription, command, wait=wait))

    answer = use(send, asking.address)
    answers.report(answer, as_json=asking.as_json)


def _sent(command: Command, asking: Asking) -> Sent:
    assert command.command_id is not None
    return Sent(command.command_id, "--command-id", asking.timeout)


def ask_in_two_steps(subscription: str, command: Command, confirming: Confirming) -> None:
    """Show what the command comes to now; once it is confirmed, send it as it was shown (CXL-1)."""
    if not (confirming.yes or confirming.dry_run):
        require_terminal(f"{command.action} asks before it acts")
    _in_two_steps(subscription, command, confirming, lambda _: True)


def ask_where_it_costs(subscription: str, command: Command, confirming: Confirming) -> None:
    """The same, but it only asks before what deletes data or costs something."""
    _in_two_steps(subscription, command, confirming, lambda shown: shown.deletes_or_costs)


def _in_two_steps(subscription: str, command: Command, confirming: Confirming, asks: Callable[[Answer], bool]) -> None:
    answer, is_preview = use(
        lambda perennial: _shown_then_sent(perennial.commands, subscription, command, confirming, asks),
        confirming.address,
    )
    answers.report(answer, as_json=confirming.as_json, preview=is_preview)


async def _shown_then_sent(
    commands: Commands, subscription: str, command: Command, confirming: Confirming, asks: Callable[[Answer], bool]
) -> tuple[Answer, bool]:
    """The answer, and whether it is only what the answer would be."""
    wait = not confirming.no_wait
    if confirming.command_id and (first := await commands.repeated(subscription, command, wait=wait)):
        return first, False
    shown = await commands.preview(subscription, command)
    if confirming.dry_run or shown.outcome in {Outcome.REFUSED, Outcome.UNCHANGED}:
        return shown, confirming.dry_run
    if asks(shown) and not confirming.yes:
        require_terminal(f"{answers.in_one_line(shown)} It asks before it acts")
        answers.show(shown, stderr=confirming.as_json, preview=True)
        confirm()
    sent = _sent(command, confirming)
    return await sent.answered(lambda: commands.confirm(subscription, command, shown, wait=wait)), False
