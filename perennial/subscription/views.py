"""Look at subscriptions: their status, what comes next, and what happened."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from activities.billing.contracts import ListedSubscription, Whose
from activities.provisioning.door import Visits
from domain.subscription.effects import AccessInterval
from domain.subscription.events import Event
from domain.subscription.ledger import LedgerRow
from domain.subscription.subscription import Subscription
from perennial.sources.sources import Sources
from perennial.subscription.forecast import ALL, YEAR, forecast_of
from perennial.subscription.lanes import Lanes, lane_of, lanes_of_customer
from perennial.subscription.listing import Filters, Page, counts_of, page_of
from perennial.subscription.lost import explained, without_workflow
from perennial.subscription.page_mark import PageMark
from perennial.subscription.renewals import with_renewals
from perennial.subscription.watching import Look, looks
from perennial.subscription.what_if import Plan, compared
from statemachines.preview.comparison import Comparison
from statemachines.preview.lane import Lane
from statemachines.preview.portfolio import PortfolioForecast
from statemachines.subscription.timeline import Milestone
from workflows.calls.errors import NotFound, WorkflowFailed
from workflows.subscription.messages import Details


@dataclass(frozen=True)
class LivingSubscription:
    """What the server knows: the details for people, and the whole state.

    `ending` is the event that ended it, once that is in the books.
    """

    details: Details
    subscription: Subscription
    ending: Event | None = None


@dataclass(frozen=True)
class EndedSubscription:
    """A subscription that only the books still know, and the event that ended it."""

    listed: ListedSubscription
    ending: Event | None


@dataclass(frozen=True)
class Timeline:
    """What will happen by itself if nobody sends a command; `now` is by the subscription's clock."""

    milestones: tuple[Milestone, ...]
    subscription: Subscription
    now: datetime


@dataclass(frozen=True)
class Access:
    """When users could sign in, and what the tenant service answers them now (SUS-2)."""

    intervals: list[AccessInterval]
    now: Visits


class Views:
    """Nothing is changed. What is read from the server raises CallError and ServerUnreachable.

    What is read from the books raises NotInBooks, BooksUnavailable and SchemaMismatch.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def show(self, subscription_id: str) -> LivingSubscription | EndedSubscription:
        """The subscription from its server; from the books once it has ended and the server does not know it any more.

        What ended it is read from the books.
        Raises WorkflowFailed where it has not ended, and its workflow was ended from outside or is missing.
        """
        try:
            living = await self._living(subscription_id)
            if not living.details.state.ended:
                return living
            return replace(living, ending=await self._ending(subscription_id))
        except WorkflowFailed:
            listed = await (await self._sources.books()).subscriptions.listed(subscription_id)
            if listed is None or not listed.over:
                raise
            return EndedSubscription(listed, await self._ending(subscription_id))
        except NotFound:
            listed = await (await self._sources.books()).known(subscription_id)
            if not listed.over:
                raise without_workflow(listed) from None
            return EndedSubscription(listed, await self._ending(subscription_id))

    async def details(self, subscription_id: str) -> Details:
        """What the server knows of the subscription, ended or not. Raises NotFound once it has forgotten it."""
        return await (await self._sources.server()).subscriptions.details(subscription_id)

    async def timeline(self, subscription_id: str) -> Timeline:
        """What comes next, to the instant and the cent."""
        living = await explained(self._sources, subscription_id, self._living(subscription_id))
        return Timeline(living.details.timeline, living.subscription, living.details.now)

    async def what_if(self, subscription_id: str, plan: Plan, until: datetime | None = None) -> Comparison:
        """How it would go on with planned commands, beside doing nothing. Raises PlanRefused too."""
        return await compared(self._sources, subscription_id, plan, until)

    async def lane(self, subscription_id: str) -> Lane:
        """The subscription on a line of time, ended or not: what happened, and what comes."""
        return await lane_of(self._sources, subscription_id)

    async def lanes(self, customer_id: str) -> Lanes:
        """The customer's subscriptions on a line of time, at most `MOST_LANES` of them."""
        return await lanes_of_customer(self._sources, customer_id)

    def looks(self, subscription_id: str | None = None, customer_id: str | None = None) -> AsyncIterator[Look]:
        """How one subscription or all of a customer stand, and each event as it comes into the books."""
        return looks(self._sources, subscription_id, customer_id)

    async def forecast(
        self,
        whose: Whose = ALL,
        months: int = YEAR,
        start: datetime | None = None,
        progress: Callable[[int, int], None] = lambda _, __: None,
    ) -> PortfolioForecast:
        """What they come to month by month, from now on or from `start`; `progress` gets how many of how many are done.

        Raises NotInBooks for an unknown customer, publisher or partner, and ValueError for too many months.
        """
        return await forecast_of(self._sources, whose, months, start, progress)

    async def events(self, subscription_id: str) -> list[Event]:
        """The journal, in order."""
        books = await self._sources.books()
        await books.known(subscription_id)
        return await books.subscriptions.events(subscription_id)

    async def ledger(self, subscription_id: str) -> list[LedgerRow]:
        """Every charge and credit, in the order in which it was written."""
        books = await self._sources.books()
        await books.known(subscription_id)
        return await books.subscriptions.rows(subscription_id)

    async def access(self, subscription_id: str) -> Access:
        """When users had access, and who can sign in now. Raises TenantsUnavailable too."""
        books = await self._sources.books()
        await books.known(subscription_id)
        intervals = await books.subscriptions.access(subscription_id)
        return Access(intervals, await self._sources.visits(subscription_id))

    async def page(self, filters: Filters, limit: int, after: PageMark | None = None) -> Page:
        """One page of the list, the living subscriptions first. Raises MarkRefused for a mark of another list."""
        page = await page_of(self._sources, filters, limit, after)
        return replace(page, rows=await with_renewals(self._sources, page.rows))

    async def counts(self, filters: Filters) -> dict[str, int]:
        """How many subscriptions are in each state."""
        return await counts_of(self._sources, filters)

    async def _ending(self, subscription_id: str) -> Event | None:
        events = await (await self._sources.books()).subscriptions.events(subscription_id)
        return next((event for event in events if event.ends), None)

    async def _living(self, subscription_id: str) -> LivingSubscription:
        subscriptions = (await self._sources.server()).subscriptions
        details = await subscriptions.details(subscription_id)
        return LivingSubscription(details, (await subscriptions.life(subscription_id)).subscription)
