"""docs/published-figures.md, written from the examples."""

import sys
from collections.abc import Iterator
from itertools import groupby

from tests.published import legacy, marketplace, questions
from tests.published.arithmetic import LINES, USES
from tests.published.figures import Example, Figure, Source
from tests.published.sources import OVERVIEW

COMMAND = ".venv/bin/python -m tests.published.page > docs/published-figures.md"
EXAMPLES: tuple[Example, ...] = (*legacy.EXAMPLES, *questions.EXAMPLES, *marketplace.EXAMPLES)
FIGURES: tuple[tuple[Example, Figure], ...] = tuple((each, figure) for each in EXAMPLES for figure in each.figures)


def document() -> str:
    """The page."""
    return "\n".join([*_head(), *_tables(), *_formula(), *_usage(), *_tail()]) + "\n"


def _head() -> Iterator[str]:
    alike = sum(figure.same for _, figure in FIGURES)
    others = len(FIGURES) - alike
    yield f"<!-- Generated from tests/published/; do not edit. Anew: {COMMAND} -->"
    yield ""
    yield "# Published figures"
    yield ""
    yield "Microsoft's pages on partner billing work through examples with dates and amounts. The tests run each"
    yield "example that can happen here, under the policy pack `csp-2019`, and compare its dates and amounts to the"
    yield "day and the cent. The rules are in [domain.md](domain.md)."
    yield ""
    yield f"{len(EXAMPLES)} examples have {len(FIGURES)} figures: {alike} are the same here, {others} differ."
    yield ""
    yield "Amounts are US dollars, credits negative; a span of days includes its last one. **Apart** is Microsoft's"
    yield "figure minus ours. A figure of several lines (`in all`, `used`) is their sum: Microsoft credits the whole"
    yield "period and charges its parts again; here only the days left are credited and charged (MON-4)."


def _tables() -> Iterator[str]:
    for source, examples in groupby(EXAMPLES, key=lambda example: example.source):
        yield from ("", f"## {source.title}", "", _cited(source), "")
        yield "| example | figure | Microsoft | here | apart | why |"
        yield "|---|---|---|---|---|---|"
        for example in examples:
            name = example.name
            for figure in example.figures:
                ours = "same" if figure.same else figure.ours
                yield f"| {name} | {figure.what} | {figure.theirs} | {ours} | {figure.apart} | {figure.why} |"
                name = ""


def _formula() -> Iterator[str]:
    yield from ("", "## Three ways to prorate a line", "", _cited(OVERVIEW), "")
    yield "That page prints a formula: the licences' price for one day, rounded to the cent, times the days, shared"
    yield "among the licences and rounded again. The examples of other pages follow it where a year is prorated; the"
    yield "monthly ones round a daily price at three decimals, or double one licence's line, or round once at the end."
    yield "Here the exact fraction of the whole line is rounded once (MON-1, MON-4)."
    yield ""
    yield "| licences, price | days | example says | by the formula | here |"
    yield "|---|---|---|---|---|"
    for line in LINES:
        sums = f"{line.published} | {line.by_formula} | {line.ours}"
        yield f"| {line.quantity} at {line.price} | {line.days} of {line.of} | {sums} |"


def _usage() -> Iterator[str]:
    yield from ("", "## Usage", "", _cited(USES[0].source), "")
    yield "Usage of a meter at 0.868 per hour minus 15 percent. Microsoft cuts the amount off after the cent; here it"
    yield "is rounded half-up (MON-1), so each is 0.01 more. Only the arithmetic of the row is compared: an order"
    yield "accepts no price finer than the cent."
    yield ""
    yield "| units | Microsoft | here |"
    yield "|---|---|---|"
    for use in USES:
        yield f"| {use.units} | {use.published} | {use.ours} |"


def _tail() -> Iterator[str]:
    yield from ("", "## Not in the tables", "")
    yield "- The conversion of one SKU to another: no command does it. Cancelling inside the window and buying"
    yield "  again gives the same lines."
    yield "- Free days before the first billing date (21Vianet), and the dates of invoices: here a period begins with"
    yield "  the purchase, and invoices close with the calendar month (MON-5)."
    yield "- The refund of a new-commerce cancellation: by days at Microsoft, in full in the pack `nce-2022` (CXL-5)."
    yield "  The page that says so has no amounts."


def _cited(source: Source) -> str:
    return f"[{source.title}]({source.address}), edition of {source.edition}."


if __name__ == "__main__":
    sys.stdout.write(document())
