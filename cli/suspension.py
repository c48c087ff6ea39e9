"""`suspend` and `reactivate`: a hold is placed, or every hold is lifted."""

from cli.option_groups import with_options
from cli.options import Asking, Details, Reasoned, SubscriptionId
from domain.commands import Reactivate, Suspend


@with_options
def suspend(subscription: SubscriptionId, reason: Reasoned, asking: Asking, details: Details = None) -> None:
    """Suspend it: users cannot sign in (SUS-1).

    All its data is deleted unless it is reactivated in time; the answer says until when (SUS-3, SUS-4).
    """
    from cli.asking import ask, built

    ask(subscription, built(Suspend, asking, reason=reason, details=details), asking)


@with_options
def reactivate(subscription: SubscriptionId, asking: Asking) -> None:
    """Lift every hold, so that users can sign in again (SUS-5).

    All holds are lifted or none (SUS-9). What was not billed while suspended is prorated (SUS-6); after its
    term's end a new term begins (SUS-7).
    """
    from cli.asking import ask, built

    ask(subscription, built(Reactivate, asking), asking)
