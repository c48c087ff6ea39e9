"""`setup-link` and `resolve`: the buyer's way to the publisher's set-up, and what the publisher finds there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from typer import Argument

from cli.options import Json, SubscriptionId

if TYPE_CHECKING:
    from domain.ordering.setup_link import Resolved, SetupLink

STDIN = "-"
LONGEST_TOKEN = 1000


def setup_link(subscription: SubscriptionId, as_json: Json = False) -> None:
    """Make a link to the publisher's set-up (ISV-1).

    Each call makes a new one for the same purchase, good for 24 hours (ISV-3). No e-mail is sent: hand it on.
    """
    from activities.wall_clock import wall_clock
    from cli.books import opened_books
    from cli.printing.screen import print_json
    from cli.running import run

    async def issue() -> SetupLink:
        async with opened_books() as books:
            return await books.setup_links.issue(subscription, wall_clock())

    link = run(issue())
    if as_json:
        print_json(link.model_dump(mode="json"))
    else:
        print_link(link)


def resolve(
    token: Annotated[
        str, Argument(metavar="TOKEN", help="The link's token; `-` reads it from stdin, unseen by others.")
    ],
    as_json: Json = False,
) -> None:
    """Show what a set-up token tells its publisher (ISV-3).

    It does so in every state. The publisher then activates: starter.py activate.
    """
    from activities.wall_clock import wall_clock
    from cli.books import opened_books
    from cli.options import typed_wrong
    from cli.printing.screen import print_json
    from cli.running import run

    if token == STDIN:
        token = sys.stdin.readline(LONGEST_TOKEN + 2).strip()
    if not 1 <= len(token) <= LONGEST_TOKEN:
        raise typed_wrong("TOKEN", token, "the token as it stands in the link, behind `token=`")

    async def resolved() -> Resolved:
        async with opened_books() as books:
            return await books.setup_links.resolve(token, wall_clock())

    found = run(resolved())
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print_resolved(found)


def print_link(link: SetupLink) -> None:
    """The address on a line of its own, to be copied, and how long it lives."""
    from cli.printing.screen import console, printable, second

    screen = console()
    screen.print(f"Set {link.subscription_id} up at its publisher's:", soft_wrap=True)
    screen.print(f"  {printable(link.url)}", soft_wrap=True)
    screen.print(f"Valid until {second(link.expires_at)} UTC. No e-mail is sent: hand the link on.", soft_wrap=True)
    screen.print(f"A new one, at any time: starter.py setup-link {link.subscription_id}", soft_wrap=True)


def _print_resolved(found: Resolved) -> None:
    from rich.text import Text

    from cli.printing.screen import console, printable

    screen = console()
    screen.print(Text(f"{found.subscription_id}  {found.state}", style="bold"), soft_wrap=True)
    for label, text in _facts(found):
        screen.print(Text.assemble((f"  {label:<11}", "dim"), printable(text)), soft_wrap=True)


def _facts(found: Resolved) -> Iterator[tuple[str, str]]:
    from cli.printing.screen import quantity, second
    from domain.subscription.events import State

    add_ons = "".join(f" + {quantity(number)} {add_on}" for add_on, number in found.add_ons.items())
    yield "customer", found.customer
    yield "offer", f"{quantity(found.quantity)} x {found.offer}{add_ons}"
    yield "ordered", f"{second(found.ordered_at)} UTC"
    yield "token", f"valid until {second(found.expires_at)} UTC"
    if found.state is State.PENDING:
        yield "next", f"starter.py activate {found.subscription_id}"
