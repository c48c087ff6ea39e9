"""`timeline`: what comes next if nobody sends a command, as a table or as a picture with what was before."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, BadParameter, Option

from cli.failure import Failure, Misused
from cli.options import Reading, some_id, typed_wrong, with_options
from cli.printing.screen import console, print_json, say, second, zone
from cli.printing.tables import one_format, print_columns
from cli.running import use
from statemachines.subscription.documents import timeline_document

if TYPE_CHECKING:
    from rich.console import Console

    from domain.subscription.subscription import Subscription
    from perennial.subscription.lanes import Lanes
    from statemachines.subscription.timeline import Milestone


@with_options
def timeline(
    reading: Reading,
    subscription: Annotated[
        str | None, Argument(metavar="ID", help="The subscription; `list` shows them.", show_default=False)
    ] = None,
    file: Annotated[
        str | None,
        Argument(metavar="FILE", help="Where --svg writes; - or nothing: to stdout.", show_default=False),
    ] = None,
    customer: Annotated[
        str | None,
        Option(parser=some_id, metavar="ID", help="Of all the customer's subscriptions.", show_default=False),
    ] = None,
    as_svg: Annotated[bool, Option("--svg", help="Draw it, with what was before, as an SVG picture.")] = False,
) -> None:
    """Show what comes next, and when, if nobody sends a command.

    It is exact, to the instant and the cent. The picture shows states, milestones, charges, the refund window and how
    long data is kept, a year ahead. Open it in a browser, also on a phone, or print it.

    Example: timeline crm-1 --svg crm-1.svg
    """
    one_format(as_json=reading.as_json, as_svg=as_svg)
    if customer is not None:
        # With --customer the one argument is the file.
        subscription, file, more = None, subscription, file
        if more is not None:
            raise Misused(f"Got --customer {customer} and {file!r}: choose the customer, or one subscription.")
    elif subscription is None:
        raise typed_wrong("ID", None, "the subscription, or --customer")
    else:
        _check(subscription)
    if file is not None and not as_svg:
        raise Misused(f"FILE: got {file!r} without --svg; takes a file for the picture.")
    if as_svg:
        _draw(subscription, customer, file, reading)
    elif customer is not None:
        _print_of_customer(customer, reading)
    else:
        assert subscription is not None
        _print_one(subscription, reading)


def _check(subscription: str) -> None:
    """Raises Misused for what is no id. No parser of the argument does it: with --customer it is a file."""
    try:
        some_id(subscription)
    except BadParameter:
        raise typed_wrong("ID", subscription, "1 to 64 letters, digits, `_` or `-`") from None


def _print_one(subscription: str, reading: Reading) -> None:
    from statemachines.subscription.narrative import later_prices

    found = use(lambda perennial: perennial.subscriptions.timeline(subscription), reading.address)
    if reading.as_json:
        print_json(timeline_document(found.milestones))
        return
    screen = console()
    if found.milestones:
        print_milestones(screen, found.subscription, found.milestones)
        for change in later_prices(found.subscription, found.now):
            screen.print(f"Price then: {change} (BUY-5)", soft_wrap=True)
    else:
        screen.print(f"It is {found.subscription.state}: nothing more will happen.")


def _print_of_customer(customer: str, reading: Reading) -> None:
    found = use(lambda perennial: perennial.subscriptions.lanes(customer), reading.address)
    coming = [(lane.whose.subscription_id, each) for lane in found.lanes for each in lane.foreseen]
    coming.sort(key=lambda each: each[1].milestone.at)
    if reading.as_json:
        documents = timeline_document([each.milestone for _, each in coming])
        print_json([{"subscription_id": key, **each} for (key, _), each in zip(coming, documents, strict=True)])
    elif coming:
        rows = [
            (second(each.milestone.at), key, each.milestone.what, each.milestone.rule, each.words)
            for key, each in coming
        ]
        print_columns(console(), (f"WHEN ({zone()})", "SUBSCRIPTION", "WHAT", "RULE", "IN WORDS"), rows)
    else:
        console().print(f"All subscriptions of {customer} have ended: nothing more will happen.", soft_wrap=True)
    _say_left_out(found)


def _draw(subscription: str | None, customer: str | None, file: str | None, reading: Reading) -> None:
    from cli.subscription.picture.picture import picture
    from perennial.subscription.lanes import Lanes
    from perennial.use_cases import Perennial

    async def found(perennial: Perennial) -> Lanes:
        if customer is not None:
            return await perennial.subscriptions.lanes(customer)
        assert subscription is not None
        return Lanes([await perennial.subscriptions.lane(subscription)])

    shown = use(found, reading.address)
    first = shown.lanes[0].whose
    heading = f"{first.offer_id} for {first.customer_id}" if customer is None else f"Subscriptions of {customer}"
    drawn = picture(shown.lanes, heading, shown.left_out)
    if file in {None, "-"}:
        sys.stdout.write(drawn)
    else:
        assert file is not None
        _write(Path(file), drawn)
    _say_left_out(shown)


def _write(file: Path, drawn: str) -> None:
    try:
        file.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file}: cannot be written ({error.strerror}). Choose another file.") from None
    say(f"Written: {file}", stderr=True)


def _say_left_out(found: Lanes) -> None:
    if found.left_out:
        say(f"{found.left_out:,} more subscriptions are left out: name one by its id.", stderr=True)


def print_milestones(screen: Console, subscription: Subscription, milestones: Sequence[Milestone]) -> None:
    """A line each, soonest first."""
    from statemachines.subscription.lifecycle import Lifecycle
    from statemachines.subscription.narrative import headline

    lifecycle = Lifecycle()
    rows = [(second(m.at), m.what, m.rule, headline(lifecycle, subscription, m)) for m in milestones]
    print_columns(screen, (f"WHEN ({zone()})", "WHAT", "RULE", "IN WORDS"), rows)
