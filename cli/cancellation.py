"""`cancel`: the decision is shown first, then confirmed."""

from cli.option_groups import with_options
from cli.options import Confirming, Details, Reasoned, SubscriptionId
from domain.commands import Cancel


@with_options
def cancel(subscription: SubscriptionId, reason: Reasoned, confirming: Confirming, details: Details = None) -> None:
    """Cancel it, once that is shown and confirmed (CXL-1).

    Inside the refund window it ends now, for a full credit (CXL-2); after it, at renewal (CXL-3).
    What would be credited and when it would end is shown first. If that is different by the time it is
    confirmed, nothing is done.
    """
    from cli.asking import ask_in_two_steps, built

    ask_in_two_steps(subscription, built(Cancel, confirming, reason=reason, details=details), confirming)
