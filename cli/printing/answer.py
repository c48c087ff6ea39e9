"""Print the answer to a command."""

import textwrap
from collections.abc import Iterator

from rich.text import Text

from cli.failure import Failure
from cli.printing.screen import console, moment, print_facts, print_json, printable, room_for, wrapped
from cli.rule_words import refused_by, words_of
from domain.subscription.decision import Answer, Outcome
from statemachines.subscription.documents import answer_document

INDENT = 2
"""The column at which what an answer says begins."""


def report(answer: Answer, *, as_json: bool, preview: bool = False) -> None:
    """Print what was done or, for a preview, would be done. A refusal ends the command with exit code 1."""
    if as_json:
        print_json(answer_document(answer))
    if answer.outcome is Outcome.REFUSED:
        raise Failure(*([] if as_json else [refusal(answer)]))
    if not as_json:
        show(answer, preview=preview)


def refusal(answer: Answer) -> str:
    """The rule that refuses, why, and what can be done instead."""
    return refused_by(answer.rule, answer.message)


def in_one_line(answer: Answer) -> str:
    """What would be done, and what it costs and deletes."""
    return " ".join([f"It would be {answer.outcome} ({answer.rule}).", answer.message, *_money(answer)])


def show(answer: Answer, *, stderr: bool = False, preview: bool = False) -> None:
    """Print the outcome, its rule, money and date, each on a line."""
    screen = console(stderr=stderr)
    rule = f"{answer.rule}, {words_of(answer.rule)}"
    head = Text.assemble(("would be " if preview else "", ""), (answer.outcome, "bold"), (f" ({rule})", "dim"))
    screen.print(head, soft_wrap=True)
    message = wrapped(printable(answer.message), room_for(answer.message, screen, INDENT))
    screen.print(textwrap.indent("\n".join(message), " " * INDENT), soft_wrap=True)
    print_facts(_facts(answer), stderr=stderr)


def _money(answer: Answer) -> Iterator[str]:
    if answer.charge:
        yield f"Charge: {answer.charge}."
    if answer.credit:
        yield f"Credit: {answer.credit}."


def _facts(answer: Answer) -> Iterator[tuple[str, str]]:
    if answer.credit:
        yield "credit", str(answer.credit)
    if answer.charge:
        yield "charge", str(answer.charge)
    if answer.metered:
        yield "usage", "unbilled usage is billed too"
    if answer.effective_at:
        yield "effective", f"{moment(answer.effective_at)}"
