"""`add-on`: so many of an add-on."""

from typing import Annotated

from typer import Argument

from cli.option_groups import with_options
from cli.options import Asking, SubscriptionId, some_id, whole_number
from domain.commands import SetAddOn


@with_options
def set_add_on(
    subscription: SubscriptionId,
    add_on: Annotated[str, Argument(metavar="ADD_ON", parser=some_id, help="One of the offer's add-ons.")],
    number: Annotated[int, Argument(metavar="N", parser=whole_number, help="How many it has from now on.")],
    asking: Asking,
) -> None:
    """Set how many of an add-on it has, prorated (MON-4)."""
    from cli.asking import ask, built

    ask(subscription, built(SetAddOn, asking, add_on=add_on, quantity=number), asking)
