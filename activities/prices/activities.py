"""The activities that tell subscriptions what the catalog's prices will be (BUY-5)."""

from temporalio import activity

from activities.errors import NotStartedYet, NotThere, Permanent, Transient, reported
from activities.fan_out import for_each
from activities.ports import CommandSender
from activities.prices.contracts import Affected, AffectedInput, PriceMessage, SendPricesInput, Told
from activities.prices.ports import PriceBook
from domain.subscription.decision import Outcome

PATIENCE = 6
"""At the so manyth attempt, half a minute after the first, who still cannot be told is left out and named."""


class PriceActivities:
    """Prices from the price book to their subscriptions. Telling again has no further effect: it is the same command.

    ApplicationError of type NotStartedYet, ServerUnavailable, BooksUnavailable and SchemaMismatch, retryable.
    """

    def __init__(self, book: PriceBook, subscriptions: CommandSender) -> None:
        self._book = book
        self._subscriptions = subscriptions

    @activity.defn(name="concerned")
    async def affected(self, page: AffectedInput) -> Affected:
        """A page of the subscriptions that the version's price changes concern."""
        with reported():
            return await self._book.affected(page)

    @activity.defn(name="tell")
    async def send(self, entry: SendPricesInput) -> Told:
        """Tell each, the others too where one cannot be told; then that is tried again, until PATIENCE is over."""
        with reported():
            messages = await self._book.messages(entry.version, entry.subscription_ids)
            results = await for_each(messages, self._send)
            troubles = [result for result in results if isinstance(result, Transient)]
            if troubles and activity.info().attempt < PATIENCE:
                raise troubles[0]
            told = Told(ended=len(entry.subscription_ids) - len(messages))
            for message, result in zip(messages, results, strict=True):
                told += result if isinstance(result, Told) else Told.not_told(message.subscription_id)
            return told

    @activity.defn(name="finish_telling")
    async def finish(self, version: int) -> None:
        """Note that every subscription concerned has been told."""
        with reported():
            await self._book.note_all_sent(version)

    async def _send(self, message: PriceMessage) -> Told | Transient:
        """What came of telling one; a Transient where trying again may help."""
        subscription_id = message.subscription_id
        try:
            answer = await self._subscriptions.send(subscription_id, message.command)
        except NotThere:
            if not message.started:
                return NotStartedYet(f"Subscription {subscription_id} is bought and about to start. Try again shortly.")
            return Told.not_told(subscription_id)
        except Permanent:
            return Told.not_told(subscription_id)
        except Transient as trouble:
            return trouble
        if answer is None:
            return Told(ended=1)
        if answer.outcome is Outcome.UNCHANGED:
            return Told(unchanged=1)
        return Told.not_told(subscription_id) if answer.outcome is Outcome.REFUSED else Told(told=1)
