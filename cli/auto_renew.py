"""`auto-renew`: renew at the term's end, or do not."""

from enum import StrEnum
from typing import Annotated

from typer import Argument

from cli.option_groups import with_options
from cli.options import Asking, SubscriptionId, one_of
from domain.commands import SetAutoRenew


class Switch(StrEnum):
    """What auto-renew can be."""

    ON = "on"
    OFF = "off"


@with_options
def set_auto_renew(
    subscription: SubscriptionId,
    switch: Annotated[
        Switch,
        Argument(metavar="on|off", parser=one_of(Switch), help="Off: it ends with its term. On again undoes that."),
    ],
    asking: Asking,
) -> None:
    """Turn auto-renew on or off (REN-2).

    Off, it ends with its term. On again, until the renewal begins, also undoes a scheduled cancellation (REN-3).
    """
    from cli.asking import ask, built

    ask(subscription, built(SetAutoRenew, asking, enabled=switch is Switch.ON), asking)
