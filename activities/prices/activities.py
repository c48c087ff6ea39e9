"""The activities that send the catalog's new prices to subscriptions (BUY-5)."""

from temporalio import activity

from activities.errors import NotStartedYet, NotThere, Permanent, Transient, reported
from activities.fan_out import for_each
from activities.ports import CommandSender
from activities.prices.contracts import Affected, AffectedInput, PriceMessage, SendPricesInput, Told
from activities.prices.ports import PriceBook
from domain.subscription.decision import Outcome

PATIENCE = 6
"""On this attempt (about 30 s after the first), subscriptions that still cannot be reached are skipped and listed."""


class PriceActivities:
    """Sends prices from the price book to subscriptions. Sending them again has no effect: it is the same command.

    Raises ApplicationError of type NotStartedYet, ServerUnavailable, BooksUnavailable or SchemaMismatch, all retryable.
    """

    def __init__(self, book: PriceBook, subscriptions: CommandSender) -> None:
        self._book = book
        self._subscriptions = subscriptions

    @activity.defn(name="concerned")
    async def affected(self, page: AffectedInput) -> Affected:
        """A page of the subscriptions that the version's price changes affect."""
        with reported():
            return await self._book.affected(page)

    @activity.defn(name="tell")
    async def send(self, entry: SendPricesInput) -> Told:
        """Send the prices to each subscription; if one cannot be reached, the others still get theirs.

        Up to attempt PATIENCE, an unreachable subscription then fails the activity, so that it is retried.
        """
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
        """Record that the version's prices were sent to every affected subscription."""
        with reported():
            await self._book.note_all_sent(version)

    async def _send(self, message: PriceMessage) -> Told | Transient:
        """Send the prices to one subscription. Returns a Transient if retrying may help."""
        subscription_id = message.subscription_id
        try:
            answer = await self._subscriptions.send(subscription_id, message.command)
        except NotThere:
            if not message.started:
                return NotStartedYet(
                    f"Subscription {subscription_id} is bought but has not started yet. Try again shortly."
                )
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
