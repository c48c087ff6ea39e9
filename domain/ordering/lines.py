"""What is asked to be bought: lines, in a cart or an order (BUY-1, BUY-3)."""

from typing import Annotated

from pydantic import Field

from domain.catalog.offers import MAX_QUANTITY
from domain.policy import PackName
from domain.roles import RolePreset
from domain.values import Id, Strict

MAX_LINES = 200
MAX_ORDER_ID = 56
"""So that a subscription's id, made of the order's id and the line's number, is an id too."""

PositiveQuantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
OrderId = Annotated[str, Field(pattern=rf"^[A-Za-z0-9_-]{{1,{MAX_ORDER_ID}}}$")]


class Line(Strict):
    """One offer with its add-ons nested under it. `policy` is for whoever tests other terms than the offer's own.

    `terms` is the digest of what the buyer was shown in the review: if it differs by then, the line is not
    bought (BUY-2). `subscription_id` is made from the order and the line where it is not given.
    """

    offer: Id
    quantity: PositiveQuantity = 1
    add_ons: Annotated[dict[Id, PositiveQuantity], Field(max_length=50)] = {}
    policy: PackName | None = None
    subscription_id: Id | None = None
    terms: Annotated[str, Field(max_length=64)] | None = None


class OrderRequest(Strict):
    """An order as it is sent: each line succeeds or fails by itself (BUY-3). Lines are numbered from 1."""

    order_id: OrderId
    customer: Id
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_LINES, strict=False)]
    by: Annotated[str, Field(min_length=1, max_length=64)] = "admin_agent"
    roles: Annotated[RolePreset, Field(strict=False)] = RolePreset.DEFAULT

    def subscription_id(self, number: int) -> str:
        """The id of the numbered line's subscription: it belongs to one life, for ever."""
        return self.lines[number - 1].subscription_id or f"{self.order_id}-{number}"
