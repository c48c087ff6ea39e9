"""`explain`: a rule in full."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

from typer import Argument

from cli.options import Json
from cli.printing.screen import print_facts, print_json
from cli.rule_words import words_of
from cli.running import run
from perennial.rules.rulebook import Explained, explained


def explain(
    rule: Annotated[str, Argument(metavar="RULE", help="The rule's id, as answers and events show it.")],
    as_json: Json = False,
) -> None:
    """Explain a rule: its text, what it refuses, and which events name it.

    The text is that of docs/domain.md.

    Example: explain ELG-8
    """

    async def found() -> Explained:
        return explained(rule)

    known = run(found())
    if as_json:
        print_json({**asdict(known), "label": words_of(known.rule)})
        return
    label = words_of(known.rule)
    print_facts(_facts(known), heading=f"{known.rule}  {label}" if label else known.rule)


def _facts(known: Explained) -> Iterator[tuple[str, str]]:
    yield "rule", known.text
    if known.refuses:
        yield "can refuse", ", ".join(known.refuses)
    if known.events:
        yield "in events", ", ".join(known.events)
