"""The public contract of `PriceChangeWorkflow`: its start, update and query. It takes no signals."""

from typing import Annotated

from pydantic import Field

from activities.prices.contracts import Told
from domain.values import Frozen, Strict
from statemachines.state_schema import PRICE_CHANGE
from workflows.durable.carried import Carried
from workflows.durable.operator import Operator

PRICE_CHANGE_WORKFLOW = "PriceChangeWorkflow"
"""The workflow's type."""

PRICE_CHANGE_UPDATES: dict[str, type[Strict]] = {"migrate": Operator}
"""The update, and the request that it takes."""


class TellPrices(Strict):
    """Sends a catalog version's prices: how many subscriptions per batch, and how many batches per run."""

    version: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=1, le=200)] = 100
    batches_per_run: Annotated[int, Field(ge=1, le=1000)] = 100


class PriceProgress(Frozen):
    """How many subscriptions have the prices: `done` of `total`, and the results in `told`."""

    done: int = 0
    total: int = 0
    told: Told = Told()


class ContinuedTelling(Carried):
    """What one run hands to the next. `after` is the id of the last subscription that is done."""

    state_schema = PRICE_CHANGE
    schema_version: int = PRICE_CHANGE.version

    version: int
    batch: int
    batches_per_run: int
    progress: PriceProgress
    after: str | None


PriceStart = TellPrices | ContinuedTelling
"""What a run begins with: a version, or the progress so far."""
