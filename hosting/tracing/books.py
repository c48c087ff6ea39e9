"""Writes decisions within a span that has their ledger rows."""

from opentelemetry.trace import Tracer

from activities.billing.contracts import CountInput, KeepInput, RecordInput
from activities.billing.ports import Books
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer
from domain.subscription.effects import Counted, Receipt


class TracedBooks:
    """The port `Books`, of which it traces `record`."""

    def __init__(self, books: Books, tracer: Tracer) -> None:
        self._books = books
        self._tracer = tracer

    async def record(self, entry: RecordInput) -> Receipt:
        with self._tracer.start_as_current_span("books.record") as span:
            receipt = await self._books.record(entry)
            rows = [*(row for event in entry.record.events for row in event.rows), *receipt.usage_rows]
            span.set_attributes(
                {
                    "perennial.subscription": entry.subscription_id,
                    "perennial.customer": entry.customer_id,
                    "perennial.events": [f"{event.seq} {event.event.value}" for event in entry.record.events],
                    "perennial.rules": [event.rule for event in entry.record.events],
                    "perennial.ledger": [row.key for row in rows],
                }
            )
            return receipt

    async def keep(self, entry: KeepInput) -> None:
        await self._books.keep(entry)

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        return await self._books.report_usage(subscription_id, command, answer)

    async def count_usage(self, entry: CountInput) -> Counted:
        return await self._books.count_usage(entry)
