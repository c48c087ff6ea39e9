"""How a change is asked for: built from what was typed, sent, and its answer printed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from activities.random_ids import random_id
from cli.confirming import at_a_terminal, confirm
from cli.failure import Misused
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
    asks = not (confirming.yes or confirming.dry_run)
    if asks and not at_a_terminal():
        raise Misused(
            f"{command.action} asks before it acts, and there is no terminal to ask at: "
            "add --yes to do it, or --dry-run to see what it would do."
        )
    use(lambda perennial: _in_two_steps(perennial.commands, subscription, command, confirming), confirming.address)


async def _in_two_steps(commands: Commands, subscription: str, command: Command, confirming: Confirming) -> None:
    shown = await commands.preview(subscription, command)
    if confirming.dry_run or shown.outcome in {Outcome.REFUSED, Outcome.UNCHANGED}:
        answers.report(shown, as_json=confirming.as_json, preview=True)
        return
    if not confirming.yes:
        answers.show(shown, stderr=confirming.as_json, preview=True)
        confirm()
    wait = not confirming.no_wait
    sent = _sent(command, confirming)
    answer = await sent.answered(lambda: commands.confirm(subscription, command, shown, wait=wait))
    answers.report(answer, as_json=confirming.as_json)
