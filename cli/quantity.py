"""`quantity`: another number of licences."""

from typing import Annotated

from typer import Argument

from cli.option_groups import with_options
from cli.options import Asking, SubscriptionId, whole_number
from domain.commands import ChangeQuantity


@with_options
def change_quantity(
    subscription: SubscriptionId,
    number: Annotated[int, Argument(metavar="N", parser=whole_number, help="The licences it has from now on.")],
    asking: Asking,
) -> None:
    """Change the number of licences, prorated (MON-4)."""
    from cli.asking import ask, built

    ask(subscription, built(ChangeQuantity, asking, quantity=number), asking)
