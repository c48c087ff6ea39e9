"""Commands that change a subscription: quantity, add-ons, holds, auto-renew, cancellation, set-up."""

from enum import StrEnum
from typing import Annotated

from typer import Argument

from cli.options import (
    Asking,
    AskingAsPublisher,
    Confirming,
    Details,
    Reasoned,
    SubscriptionId,
    one_of,
    some_id,
    whole_number,
    with_options,
)
from cli.subscription.asking import ask, ask_in_two_steps, built
from domain.subscription import commands


@with_options
def set_add_on(
    subscription: SubscriptionId,
    add_on: Annotated[str, Argument(metavar="ADD_ON", parser=some_id, help="One of the offer's add-ons.")],
    number: Annotated[
        int, Argument(metavar="N", parser=whole_number, help="How many it has from now on; 0 removes it.")
    ],
    asking: Asking,
) -> None:
    """Set the quantity of an add-on, prorated (MON-4); 0 removes it (ELG-8)."""
    ask(subscription, built(commands.SetAddOn, asking, add_on=add_on, quantity=number), asking)


@with_options
def change_quantity(
    subscription: SubscriptionId,
    number: Annotated[int, Argument(metavar="N", parser=whole_number, help="The licences it has from now on.")],
    asking: Asking,
) -> None:
    """Change the licence quantity, prorated (MON-4)."""
    ask(subscription, built(commands.ChangeQuantity, asking, quantity=number), asking)


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

    The quantity before it comes back, prorated. It must be in the same billing period as the change.
    """
    ask(subscription, built(commands.RejectQuantity, asking, sequence=sequence, details=details), asking)


@with_options
def suspend(subscription: SubscriptionId, reason: Reasoned, asking: Asking, details: Details = None) -> None:
    """Suspend a subscription: users cannot sign in (SUS-1).

    All its data is deleted unless it is reactivated in time; the answer says until when (SUS-3, SUS-4).
    """
    ask(subscription, built(commands.Suspend, asking, reason=reason, details=details), asking)


@with_options
def reactivate(subscription: SubscriptionId, asking: Asking) -> None:
    """Lift every hold, so that users can sign in again (SUS-5).

    All holds are lifted or none (SUS-9). What was not billed while suspended is prorated (SUS-6); after its
    term's end a new term begins (SUS-7).
    """
    ask(subscription, built(commands.Reactivate, asking), asking)


@with_options
def cancel(subscription: SubscriptionId, reason: Reasoned, confirming: Confirming, details: Details = None) -> None:
    """Cancel a subscription, after a preview (CXL-1).

    Inside the refund window it ends now, for a full credit (CXL-2); after it, at renewal (CXL-3).
    The credit and the end are shown first, and you are asked. If they have changed by then, nothing is done.
    """
    ask_in_two_steps(subscription, built(commands.Cancel, confirming, reason=reason, details=details), confirming)


class Switch(StrEnum):
    """The two settings of auto-renew."""

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
    ask(subscription, built(commands.SetAutoRenew, asking, enabled=switch is Switch.ON), asking)


@with_options
def activate(subscription: SubscriptionId, asking: AskingAsPublisher) -> None:
    """Report that the publisher's set-up is done (ISV-4).

    The trial or the first term begins.
    """
    ask(subscription, built(commands.Activate, asking), asking)


@with_options
def deprovision(subscription: SubscriptionId, confirming: Confirming) -> None:
    """End a usage subscription, after a preview (CXL-6).

    It asks before it acts. Usage that is not billed yet is billed then.
    """
    ask_in_two_steps(subscription, built(commands.Deprovision, confirming), confirming)
