"""Commands that change a subscription: quantity, add-ons, holds, auto-renew, cancellation, set-up."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from typer import Argument, Option

from cli.options import (
    Asking,
    AskingAsPublisher,
    Confirming,
    Details,
    Reasoned,
    an_instant,
    one_of,
    some_id,
    whole_number,
)
from cli.subscription.asking import ask, ask_in_two_steps, ask_where_it_costs, asked, built
from domain.subscription import commands
from domain.subscription.scheduled import When

MadeWhen = Annotated[
    When, Option("--when", parser=one_of(When), metavar="|".join(When), help="At once, or with the next term.")
]

Until = Annotated[
    datetime | None,
    Option(
        "--until", parser=an_instant, metavar="INSTANT", help="Let it end by itself then: a planned pause (SUS-11)."
    ),
]


@asked(ask_where_it_costs)
def set_add_on(
    add_on: Annotated[str, Argument(metavar="ADD_ON", parser=some_id, help="One of the offer's add-ons.")],
    number: Annotated[
        int, Argument(metavar="N", parser=whole_number, help="How many it has from now on; 0 removes it.")
    ],
    asking: Confirming,
    when: MadeWhen = When.NOW,
) -> commands.SetAddOn:
    """Set the quantity of an add-on, prorated (MON-4); 0 removes it (ELG-8).

    With `--when renewal` it has that quantity from the renewal on (REN-4). It asks before it charges more than it
    credits.

    Example: add-on crm-1 backup 2 --dry-run
    """
    return built(commands.SetAddOn, asking, add_on=add_on, quantity=number, when=when)


@asked(ask_where_it_costs)
def change_quantity(
    number: Annotated[int, Argument(metavar="N", parser=whole_number, help="The licences it has from now on.")],
    asking: Confirming,
    when: MadeWhen = When.NOW,
) -> commands.ChangeQuantity:
    """Change the licence quantity, prorated (MON-4).

    With `--when renewal` it has that quantity from the renewal on (REN-4). It asks before it charges more than it
    credits.

    Example: quantity crm-1 5 --dry-run
    """
    return built(commands.ChangeQuantity, asking, quantity=number, when=when)


@asked(ask)
def undo_scheduled_changes(asking: Asking) -> commands.UndoScheduledChanges:
    """Undo what is scheduled for the renewal (REN-4).

    `show` has it as "at renewal". For one of several, set its quantity to what it is now, with `--when renewal`.

    Example: undo-changes crm-1
    """
    return built(commands.UndoScheduledChanges, asking)


@asked(ask)
def reject_quantity(
    sequence: Annotated[
        int,
        Argument(metavar="SEQ", parser=whole_number, help="The change, by its number in `events`."),
    ],
    asking: AskingAsPublisher,
    details: Details = None,
) -> commands.RejectQuantity:
    """Reject the last quantity, as its publisher (MON-4).

    The quantity before it comes back, prorated. It must be in the same billing period as the change.

    Example: reject-quantity crm-1 4
    """
    return built(commands.RejectQuantity, asking, sequence=sequence, details=details)


@asked(ask_where_it_costs)
def suspend(
    reason: Reasoned,
    asking: Confirming,
    until: Until = None,
    details: Details = None,
) -> commands.Suspend:
    """Suspend a subscription: users cannot sign in (SUS-1).

    All its data is deleted unless it is reactivated in time; the answer says until when (SUS-3, SUS-4). A planned pause
    deletes nothing, and ends by itself (SUS-11). It asks first, if data would be deleted.

    Example: suspend crm-1 --reason customer_request --until 2027-05-01 --dry-run
    """
    return built(commands.Suspend, asking, reason=reason, until=until, details=details)


@asked(ask_where_it_costs)
def reactivate(asking: Confirming) -> commands.Reactivate:
    """Lift every hold, so that users can sign in again (SUS-5).

    All holds are lifted or none (SUS-9). What was not billed while suspended is prorated (SUS-6); after its
    term's end a new term begins (SUS-7). It asks before it charges something.

    Example: reactivate crm-1
    """
    return built(commands.Reactivate, asking)


@asked(ask_in_two_steps)
def cancel(reason: Reasoned, asking: Confirming, details: Details = None) -> commands.Cancel:
    """Cancel a subscription, after a preview (CXL-1).

    Inside the refund window it ends now, for a full credit (CXL-2); after it, at renewal (CXL-3).
    The credit and the end are shown first, and you are asked. If they have changed by then, nothing is done.

    Example: cancel crm-1 --reason customer_request --dry-run
    """
    return built(commands.Cancel, asking, reason=reason, details=details)


class Switch(StrEnum):
    """The two settings of auto-renew."""

    ON = "on"
    OFF = "off"


@asked(ask)
def set_auto_renew(
    switch: Annotated[
        Switch,
        Argument(metavar="on|off", parser=one_of(Switch), help="Off: it ends with its term. On again undoes that."),
    ],
    asking: Asking,
) -> commands.SetAutoRenew:
    """Turn auto-renew on or off (REN-2).

    Off, it ends with its term. On again, until the renewal begins, also undoes a scheduled cancellation (REN-3).

    Example: auto-renew crm-1 off
    """
    return built(commands.SetAutoRenew, asking, enabled=switch is Switch.ON)


@asked(ask)
def activate(asking: AskingAsPublisher) -> commands.Activate:
    """Report that the publisher's set-up is done (ISV-4).

    The trial or the first term begins.

    Example: activate crm-1
    """
    return built(commands.Activate, asking)


@asked(ask_in_two_steps)
def deprovision(asking: Confirming) -> commands.Deprovision:
    """End a usage subscription, after a preview (CXL-6).

    It asks before it acts. Usage that is not billed yet is billed then.

    Example: deprovision meter-1 --dry-run
    """
    return built(commands.Deprovision, asking)
