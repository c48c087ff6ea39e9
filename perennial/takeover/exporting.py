"""Write running subscriptions as the rows by which another installation takes them over (MOV-5)."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from domain.subscription.events import State
from domain.takeover.row import TakeoverRow
from perennial.sources.sources import Sources
from statemachines.takeover.rows import row_of, why_left_out
from statemachines.takeover.usage import usage_rows

PAGE = 500
"""How many are read at a time."""


@dataclass(frozen=True)
class ExportFilters:
    """Which subscriptions: of this customer, of this offer, in this state; None takes all that have not ended."""

    customer: str | None = None
    offer: str | None = None
    state: State | None = None


@dataclass
class LeftOut:
    """How many were not written, by the reason; those that have ended are not counted.

    `invoices` are open and charge none of those that are written; counted unless an offer or a state was asked for.
    """

    reasons: Counter[str] = field(default_factory=Counter)
    invoices: int = 0


class TakeoverExport:
    """Raises BooksUnavailable and SchemaMismatch."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def pages(self, filters: ExportFilters, left_out: LeftOut) -> AsyncIterator[list[TakeoverRow]]:
        """Yield the rows page by page, in the order of their ids, each as of the subscription's last event.

        It reads the books alone. `left_out` is brought up to date.
        """
        books, after = await self._sources.books(), None
        named: set[tuple[str, str]] = set()
        while True:
            found = await books.takeovers.running(filters.customer, filters.offer, filters.state, PAGE, after)
            rows = []
            for each in found:
                reason = why_left_out(each.subscription, each.unbilled)
                if reason is None:
                    usage = usage_rows(each.subscription, each.unbilled)
                    rows.append(row_of(each.subscription, each.reference, each.open_invoices, usage))
                    named |= {(each.subscription.customer_id, invoice.number) for invoice in each.open_invoices}
                elif not each.subscription.state.ended:
                    left_out.reasons[reason] += 1
            yield rows
            if len(found) < PAGE:
                break
            after = found[-1].subscription.subscription_id
        if filters.offer is None and filters.state is None:
            left_out.invoices = await books.takeovers.unpaid(filters.customer) - len(named)
