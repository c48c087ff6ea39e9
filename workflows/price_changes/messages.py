"""The public contract of `PriceChangeWorkflow`: what it is started with and asked.

Query (a view): progress. It takes no updates and no signals.
"""

from typing import Annotated

from pydantic import Field

from activities.prices.contracts import Told
from domain.values import Frozen, Strict

PRICE_QUERIES = ("progress",)


class TellPrices(Strict):
    """Which version's prices to tell; how many subscriptions at a time, and how many such batches in one run."""

    version: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=1, le=200)] = 100
    batches_per_run: Annotated[int, Field(ge=1, le=1000)] = 100


class PriceProgress(Frozen):
    """How far the telling has come: `done` of `total` subscriptions, and what came of it."""

    done: int = 0
    total: int = 0
    told: Told = Told()


class ContinuedTelling(Frozen):
    """What one run hands to the next. `after` is the last subscription that was dealt with."""

    version: int
    batch: int
    batches_per_run: int
    progress: PriceProgress
    after: str | None


PriceStart = TellPrices | ContinuedTelling
"""What a run begins with: a version to tell, or the telling so far."""
