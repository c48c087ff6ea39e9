"""`setup-link` and `resolve`: the link with which a buyer completes the set-up, and what its token tells (ISV-3)."""

import sys
from collections.abc import Iterator
from typing import Annotated

from typer import Argument

from cli.options import Json, SubscriptionId, typed_wrong
from cli.printing.screen import moment, print_facts, print_json, printable, quantity, say
from cli.running import use
from cli.start import program
from domain.ordering.setup_link import LONGEST_TOKEN, Resolved, SetupLink
from domain.subscription.events import State

STDIN = "-"


def setup_link(subscription: SubscriptionId, as_json: Json = False) -> None:
    """Make a link to the publisher's set-up page (ISV-1).

    Each call makes a new link for the same purchase, valid for 24 hours (ISV-3). No e-mail is sent: pass it on to
    the buyer.

    Example: setup-link crm-1
    """
    link = use(lambda perennial: perennial.setup_links.issue(subscription))
    if as_json:
        print_json(link.model_dump(mode="json"))
    else:
        print_link(link)


def resolve(
    token: Annotated[
        str, Argument(metavar="TOKEN", help="The link's token; `-` reads it from stdin, hidden from other users.")
    ],
    as_json: Json = False,
) -> None:
    """Show the purchase that a set-up token stands for (ISV-3).

    It is what the publisher sees, in every state; the publisher then activates the subscription with `activate`.

    Example: resolve - < token.txt
    """
    if token == STDIN:
        token = sys.stdin.readline(LONGEST_TOKEN + 2).strip()
    if not 1 <= len(token) <= LONGEST_TOKEN:
        raise typed_wrong("TOKEN", token, "the token from the link, the text after `token=`")

    found = use(lambda perennial: perennial.setup_links.resolve(token))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_facts(_facts(found), heading=f"{found.subscription_id}  {found.state}")


def print_link(link: SetupLink) -> None:
    """Print the address on a line of its own, to be copied, and how long it is valid."""
    say(f"Set {link.subscription_id} up at its publisher:")
    say(f"  {printable(link.url)}")
    say(f"Valid until {moment(link.expires_at)}. No e-mail is sent: pass the link on to the buyer.")
    say(f"For a new one: {program()} setup-link {link.subscription_id}")


def _facts(found: Resolved) -> Iterator[tuple[str, str]]:
    add_ons = "".join(f" + {quantity(number)} {add_on}" for add_on, number in found.add_ons.items())
    yield "customer", found.customer
    yield "offer", f"{quantity(found.quantity)} x {found.offer}{add_ons}"
    yield "ordered", f"{moment(found.ordered_at)}"
    yield "token", f"valid until {moment(found.expires_at)}"
    if found.state is State.PENDING:
        yield "next", f"{program()} activate {found.subscription_id}"
