"""`buy`: order one line in one command."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from typer import Option

from activities.orders.contracts import LineStatus, OrderLine
from cli.buying.line import Buyer, LineOptions, typed_line, typed_role
from cli.buying.setup_link import print_link
from cli.failure import Failure
from cli.options import Address, By, Json, OfferId, Timeout, an_instant, an_order_id, with_options
from cli.printing.screen import print_json, say
from cli.rule_words import refused_by
from cli.running import use
from cli.sent import Sent
from cli.start import program
from cli.subscription.details import document, print_found
from domain.ordering.lines import OrderRequest
from domain.ordering.setup_link import SetupLink
from domain.roles import DEFAULT_ACTOR
from perennial.order.ids import new_subscription_id
from perennial.order.orders import OrderUnanswered
from perennial.use_cases import Perennial

Purchased = tuple[OrderLine, Any, SetupLink | None]
"""The line; if it was bought, its subscription as `show` prints it, and its set-up link."""


@dataclass(frozen=True)
class PurchaseOptions(LineOptions):
    """The options of `buy`."""

    id: Annotated[
        str | None, Option(parser=an_order_id, metavar="ID", help="The subscription's id.", show_default="a new one")
    ] = None
    by: By = DEFAULT_ACTOR
    test_clock: Annotated[
        datetime | None,
        Option(parser=an_instant, metavar="INSTANT", help="Run on a test clock that starts then.", show_default=False),
    ] = None
    no_wait: Annotated[bool, Option("--no-wait", help="Do not wait until it is in the books and provisioned.")] = False
    timeout: Timeout = None
    address: Address = None
    as_json: Json = False


@with_options
def buy(offer: OfferId, customer: Buyer, purchase: PurchaseOptions) -> None:
    """Buy an offer: its trial, set-up or term begins (BUY-4).

    This is an order of one line, with the subscription's id: sent again, it is bought only once (BUY-3). To buy
    several lines, or to see dates and prices first, fill a cart.

    Example: buy contoso-crm --customer fabrikam --quantity 3 --id crm-1
    """
    subscription = purchase.id or new_subscription_id(offer)
    line = typed_line(offer, purchase, subscription_id=subscription)
    by = typed_role(purchase.by)
    request = OrderRequest(order_id=subscription, customer=customer, lines=(line,), by=by)
    sent = Sent(subscription, "--id", purchase.timeout, OrderUnanswered)

    async def send(perennial: Perennial) -> Purchased | None:
        return await sent.answered(lambda: _buy(perennial, request, purchase))

    purchased = use(send, purchase.address)
    if purchased is not None:
        _print(*purchased, as_json=purchase.as_json)
    elif purchase.as_json:
        print_json({"subscription_id": subscription})
    else:
        say(f"{subscription} is ordered. See: {program()} order show {subscription}")


async def _buy(perennial: Perennial, request: OrderRequest, purchase: PurchaseOptions) -> Purchased | None:
    """Order the line; None with `--no-wait`. Raises OrderUnanswered."""
    await perennial.orders.buy(request, begins=purchase.test_clock)
    if purchase.no_wait:
        return None
    bought = await perennial.orders.settled(request)
    (line,) = bought.order.lines
    if line.status is not LineStatus.BOUGHT:
        return line, None, None
    await perennial.orders.recorded(bought.order)
    found = await perennial.subscriptions.show(line.subscription_id)
    return line, found, bought.links.get(line.subscription_id)


def _print(line: OrderLine, found: Any, link: SetupLink | None, *, as_json: bool) -> None:
    """Print the subscription and its set-up link. Raises Failure, with the reason, if the line was not bought."""
    if found is None:
        if as_json:
            print_json(line.model_dump(mode="json"))
        raise Failure(*([] if as_json else [_why_not(line)]))
    if as_json:
        print_json({**document(found), **({"setup_link": link.model_dump(mode="json")} if link else {})})
        return
    print_found(found)
    if link:
        say("")
        print_link(link)


def _why_not(line: OrderLine) -> str:
    if line.refusal:
        return refused_by(line.refusal.rule, str(line.refusal))
    return f"{line.subscription_id} stopped, and can be bought again with its --id: {line.error}"
