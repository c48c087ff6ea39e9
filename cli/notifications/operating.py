"""What operators ask of workflows: built from what was typed, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import ValidationError
from typer import Option

from cli.options import Reading, misused, some_id
from cli.printing.screen import console, print_json, printable
from domain.faults import faults_of
from workflows.durable.operator import Operator

R = TypeVar("R", bound=Operator)


@dataclass(frozen=True)
class Operating(Reading):
    """What every operator's command takes."""

    by: Annotated[str, Option("--by", parser=some_id, metavar="NAME", help="Who asks, for the record.")] = "operator"
    note: Annotated[str, Option(metavar="TEXT", help="Why, for the record.", show_default=False)] = ""


def built(kind: type[R], operating: Operating, **fields: object) -> R:
    """The request as it was typed. Raises Misused."""
    try:
        return kind.model_validate({"by": operating.by, "note": operating.note, **fields})
    except ValidationError as error:
        raise misused(faults_of(error)) from None


def say(said: Mapping[str, str], *, as_json: bool) -> None:
    """What each subscription answered."""
    if as_json:
        print_json([{"subscription_id": subscription, "message": words} for subscription, words in said.items()])
        return
    for subscription, words in said.items():
        console().print(f"{subscription}: {printable(words)}", soft_wrap=True)
