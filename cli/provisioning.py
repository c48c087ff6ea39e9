"""`activate` and `deprovision`: the publisher's set-up is done, or a usage subscription ends."""

from cli.option_groups import with_options
from cli.options import AskingAsPublisher, Confirming, SubscriptionId
from domain.commands import Activate, Deprovision


@with_options
def activate(subscription: SubscriptionId, asking: AskingAsPublisher) -> None:
    """Say that the publisher's set-up is done (ISV-4).

    The trial or the first term begins.
    """
    from cli.asking import ask, built

    ask(subscription, built(Activate, asking), asking)


@with_options
def deprovision(subscription: SubscriptionId, confirming: Confirming) -> None:
    """End a usage subscription, once that is confirmed (CXL-6).

    What was used and is not billed yet is billed then. What would happen is shown first.
    """
    from cli.asking import ask_in_two_steps, built

    ask_in_two_steps(subscription, built(Deprovision, confirming), confirming)
