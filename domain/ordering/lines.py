"""The lines of a cart or an order, and the request that places an order (BUY-1, BUY-3)."""

from typing import Annotated

from pydantic import Field

from domain.catalog.offers import MAX_QUANTITY
from domain.policy import PackName
from domain.roles import DEFAULT_ACTOR, RolePreset
from domain.values import Id, RequestInstant, Strict

MAX_LINES = 200
MAX_ORDER_ID = 56
"""Leaves room for the line number: a subscription id is the order id, a hyphen and that number."""

PositiveQuantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
OrderId = Annotated[str, Field(pattern=rf"^[A-Za-z0-9_-]{{1,{MAX_ORDER_ID}}}$")]


class Line(Strict):
    """One offer with its add-ons, which begins at once, or at `begins_at` (BUY-6).

    `policy` overrides the offer's policy pack, to try other terms.

    `terms` is the digest of the terms that the review showed: if they have changed when the line is placed, it is
    refused (BUY-2). Without `subscription_id`, the id is made from the order id and the line number.
    """

    offer: Id
    begins_at: RequestInstant | None = None
    quantity: PositiveQuantity = 1
    add_ons: Annotated[dict[Id, PositiveQuantity], Field(max_length=50)] = {}
    policy: PackName | None = None
    subscription_id: Id | None = None
    terms: Annotated[str, Field(max_length=64)] | None = None


class OrderRequest(Strict):
    """An order as sent. Each line succeeds or fails on its own (BUY-3). Lines are numbered from 1."""

    order_id: OrderId
    customer: Id
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_LINES, strict=False)]
    by: Annotated[str, Field(min_length=1, max_length=64)] = DEFAULT_ACTOR
    roles: Annotated[RolePreset, Field(strict=False)] = RolePreset.DEFAULT

    def subscription_id(self, number: int) -> str:
        """Return the id of the subscription that line `number` buys. Ids are never used twice."""
        return self.lines[number - 1].subscription_id or f"{self.order_id}-{number}"
