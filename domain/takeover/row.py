"""A row of a file of running subscriptions: what another system says of one, as of an instant (MOV-1)."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.account.openings import OpenInvoice
from domain.catalog.offers import MAX_ANNOUNCE_DAYS, MAX_QUANTITY, Price
from domain.ordering.lines import PositiveQuantity
from domain.policy import PackName
from domain.roles import RolePreset
from domain.subscription.commands import Quantity
from domain.subscription.events import State
from domain.subscription.holds import Reason
from domain.values import Id, RequestDecimal, RequestInstant, Strict, fingerprint, readable, without_nul

MAX_ADD_ONS, MAX_PRICES, MAX_HOLDS, MAX_INVOICES, MAX_USAGE = 50, 100, 3, 50, 200
HELD_BY = "service"
"""Who placed a hold that names nobody: a user or a service can lift it."""

Reference = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(readable)]
Role = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(readable)]
Bound = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]


class HeldRow(Strict):
    """One reason for a suspension: since when, and the role that placed it; with `until` a planned pause (SUS-11)."""

    reason: Annotated[Reason, Field(strict=False)]
    at: RequestInstant
    by: Role = HELD_BY
    until: RequestInstant | None = None


class UsageRow(Strict):
    """Usage that is not billed yet, under the id by which it was reported (USE-1)."""

    usage_id: Id
    used_at: RequestInstant
    units: RequestDecimal


class TakeoverRow(Strict):
    """A running subscription as of `as_of`; None means the instant of the import. docs/moving-in.md has the fields.

    None elsewhere takes what the catalog, the customer's record or the other fields say.
    """

    subscription_id: Id | None = None
    reference: Reference | None = None
    customer: Id
    offer: Id
    state: Annotated[State, Field(strict=False)]
    quantity: PositiveQuantity = 1
    add_ons: Annotated[dict[Id, PositiveQuantity], Field(max_length=MAX_ADD_ONS)] = {}
    unit_price: RequestDecimal
    add_on_prices: Annotated[dict[Id, RequestDecimal], Field(max_length=MAX_ADD_ONS)] | None = None
    min_quantity: Bound | None = None
    max_quantity: Bound | None = None
    announce_days: Annotated[int, Field(ge=0, le=MAX_ANNOUNCE_DAYS)] | None = None
    ordered_at: RequestInstant
    account_opened: RequestInstant | None = None
    trial_end: RequestInstant | None = None
    first_billing: RequestInstant | None = None
    anchor: RequestInstant | None = None
    term_number: Annotated[int, Field(ge=1, le=100_000)] | None = None
    term_start: RequestInstant | None = None
    term_end: RequestInstant | None = None
    paid_until: RequestInstant | None = None
    auto_renew: bool = True
    cancellation_at: RequestInstant | None = None
    cancellation_reason: Annotated[Reason, Field(strict=False)] | None = None
    cancellation_by: Role | None = None
    cancellation_details: Annotated[str, Field(max_length=1000), AfterValidator(without_nul)] | None = None
    holds: Annotated[tuple[HeldRow, ...], Field(max_length=MAX_HOLDS, strict=False)] = ()
    deletes_at: RequestInstant | None = None
    refund_from: RequestInstant | None = None
    refundable: Annotated[dict[Id, RequestDecimal], Field(max_length=MAX_ADD_ONS + 1)] | None = None
    scheduled_changes: Annotated[dict[Id, Quantity], Field(max_length=MAX_ADD_ONS + 1)] = {}
    prices: Annotated[tuple[Price, ...], Field(max_length=MAX_PRICES, strict=False)] | None = None
    unbilled_usage: Annotated[tuple[UsageRow, ...], Field(max_length=MAX_USAGE, strict=False)] = ()
    open_invoices: Annotated[tuple[OpenInvoice, ...], Field(max_length=MAX_INVOICES, strict=False)] = ()
    policy: PackName | None = None
    roles: Annotated[RolePreset, Field(strict=False)] = RolePreset.DEFAULT
    as_of: RequestInstant | None = None

    @property
    def id(self) -> str:
        """The id of the subscription here: its own, or one that is made of its reference, always the same."""
        return self.subscription_id or f"ref-{fingerprint(self.reference)}"

    @property
    def first_anchor(self) -> datetime | None:
        """The instant that terms and billing periods are counted from; None in a trial."""
        return self.anchor or self.term_start
