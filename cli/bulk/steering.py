"""`bulk pause`, `bulk resume`, `bulk stop` and `bulk rate`: steer an operation that runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import ValidationError
from typer import Argument, Option

from cli.bulk.operation import BulkId
from cli.options import By, Reading, misused, positive_number, typed_wrong, with_options
from cli.printing.screen import print_json, say
from cli.running import use
from domain.faults import faults_of
from domain.roles import DEFAULT_ACTOR
from perennial.bulk.bulk import Bulk
from workflows.bulk.messages import FASTEST
from workflows.durable.operator import Operator


@dataclass(frozen=True)
class Steering(Reading):
    """Who steers, and why."""

    by: By = DEFAULT_ACTOR
    note: Annotated[str, Option(metavar="TEXT", help="Why, for the record.", show_default=False)] = ""

    @property
    def request(self) -> Operator:
        """The operator's request. Raises Misused."""
        try:
            return Operator(by=self.by, note=self.note)
        except ValidationError as error:
            raise misused(faults_of(error)) from None


@with_options
def pause(bulk: BulkId, steering: Steering) -> None:
    """Pause an operation: nothing more is sent after the batch that is under way.

    Example: bulk pause suspend-3f9a1c20 --note "support is busy"
    """
    _say(bulk, steering, lambda bulks: bulks.steer(bulk, "pause", steering.request))


@with_options
def resume(bulk: BulkId, steering: Steering) -> None:
    """Go on with an operation that is paused, or whose workflow is gone; what has failed is tried again.

    Example: bulk resume suspend-3f9a1c20
    """
    _say(bulk, steering, lambda bulks: bulks.resume(bulk, steering.request))


@with_options
def stop(bulk: BulkId, steering: Steering) -> None:
    """End an operation for good: what was not sent yet stays untouched.

    Example: bulk stop suspend-3f9a1c20
    """
    _say(bulk, steering, lambda bulks: bulks.steer(bulk, "stop", steering.request))


@with_options
def set_rate(
    bulk: BulkId,
    rate: Annotated[int, Argument(metavar="N", parser=positive_number, help="At most this many per second.")],
    steering: Steering,
) -> None:
    """Change how many an operation sends per second at most.

    Example: bulk rate suspend-3f9a1c20 5
    """
    if rate > FASTEST:
        raise typed_wrong("N", rate, f"at most {FASTEST}")
    _say(bulk, steering, lambda bulks: bulks.set_rate(bulk, steering.request.by, rate))


def _say(bulk: str, steering: Steering, do: Callable[[Bulk], Awaitable[str]]) -> None:
    words = use(lambda perennial: do(perennial.bulk), steering.address)
    if steering.as_json:
        print_json({"id": bulk, "message": words})
    else:
        say(f"{bulk}: {words}")
