"""What a subscription would come to with some commands, beside doing nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from domain.faults import Fault, listed
from domain.next_step import PerennialError
from perennial.sources.sources import Sources
from perennial.subscription.lost import explained
from statemachines.preview.comparison import Comparison
from statemachines.preview.course import LONGEST, Course, Planned, plan_faults
from statemachines.subscription.not_now import NotNow
from workflows.calls.errors import NotAnswered

YEAR = timedelta(days=365)

Plan = Callable[[datetime], Sequence[Planned]]
"""Makes the plan, given what time it is by the subscription's clock."""


class PlanRefused(PerennialError):
    """A plan that cannot be tried, with every fault: instants in the past, too far ahead or out of order."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(listed(faults)))
        self.faults = faults


async def compared(sources: Sources, subscription_id: str, plan: Plan, until: datetime | None = None) -> Comparison:
    """Try the plan on a copy of the subscription, and compare it with doing nothing; nothing is changed.

    It goes up to `until`, or to a year after the plan's last command. Both are simulated here, from one look at the
    subscription: its query `what_if` cannot see the usage that only the books know, and two queries could see two
    states. Raises PlanRefused, CallError, ServerUnreachable and BooksUnavailable.
    """
    subscriptions = (await sources.server()).subscriptions
    details = await explained(sources, subscription_id, subscriptions.details(subscription_id))
    life = await subscriptions.life(subscription_id)
    usage = None
    if life.subscription.offer.metered:
        books = (await sources.books()).subscriptions
        usage = (await books.unbilled([subscription_id])).get(subscription_id, ())
    planned = plan(details.now)
    if until is None:
        last = max([details.now, *(each.at for each in planned)])
        until = min(last, details.now + LONGEST - YEAR) + YEAR
    if faults := list(plan_faults(planned, details.now, until)):
        raise PlanRefused(faults)
    try:
        return Comparison(
            subscription_id=subscription_id,
            now=details.now,
            nothing=Course.of(life, usage, details.now, until),
            tried=Course.of(life, usage, details.now, until, planned),
        )
    except NotNow as not_now:
        raise NotAnswered(str(not_now)) from None
