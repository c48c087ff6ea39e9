"""`quantity` and `reject-quantity`: another number of licences, and the publisher's no to it."""

from typing import Annotated

from typer import Argument

from cli.option_groups import with_options
from cli.options import Asking, AskingAsPublisher, Details, SubscriptionId, whole_number
from domain.commands import ChangeQuantity, RejectQuantity


@with_options
def change_quantity(
    subscription: SubscriptionId,
    number: Annotated[int, Argument(metavar="N", parser=whole_number, help="The licences it has from now on.")],
    asking: Asking,
) -> None:
    """Change the number of licences, prorated (MON-4)."""
    from cli.asking import ask, built

    ask(subscription, built(ChangeQuantity, asking, quantity=number), asking)


@with_options
def reject_quantity(
    subscription: SubscriptionId,
    sequence: Annotated[
        int,
        Argument(metavar="SEQ", parser=whole_number, help="The change, by its number in `events`."),
    ],
    asking: AskingAsPublisher,
    details: Details = None,
) -> None:
    """Reject the last quantity, as its publisher (MON-4).

    What was before it comes back, prorated; until the billing period that it was made in ends.
    """
    from cli.asking import ask, built

    ask(subscription, built(RejectQuantity, asking, sequence=sequence, details=details), asking)
