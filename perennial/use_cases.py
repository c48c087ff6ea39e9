"""All use cases, by noun: what a program does with Perennial."""

from perennial.account.billing import Billing
from perennial.sources.sources import Sources
from perennial.subscription.commands import Commands
from perennial.subscription.publishers import ForPublishers
from perennial.subscription.usage import Usage
from perennial.subscription.views import Views


class Perennial:
    """The way in for programs; `hosting.opening` makes one. Values in, values out; a refusal by a rule is an answer."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.commands = Commands(sources)
        self.subscriptions = Views(sources)
        self.publishers = ForPublishers(sources)
        self.usage = Usage(sources)
        self.billing = Billing(sources)
