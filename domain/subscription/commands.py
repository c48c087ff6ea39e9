"""The commands to a subscription: one strict model per command."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from domain.catalog.offers import MAX_QUANTITY, PinnedOffer, Price, order_faults
from domain.faults import Fault
from domain.money import Money
from domain.roles import Action
from domain.subscription.holds import Reason
from domain.subscription.scheduled import When
from domain.values import WITHOUT_NUL, Id, RequestDecimal, RequestInstant, Signature, Strict, fingerprint, without_nul

Details = Annotated[str, Field(max_length=1024), AfterValidator(without_nul), WITHOUT_NUL]
Quantity = Annotated[int, Field(ge=0, le=MAX_QUANTITY)]
MadeWhen = Annotated[When, Field(strict=False, exclude_if=lambda when: when is When.NOW)]
Sequence = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Expected(Strict):
    """What the person was shown before confirming. If the decision differs by then, nothing is done (CXL-1)."""

    outcome: Annotated[str, Field(max_length=64)]
    credit: Money | None = None
    charge: Money | None = None


class Command(Strict):
    """The fields of every command.

    `by` is a role (ROL-1), or `publisher`, `service` or `system` (ROL-4). `actor` names the person or service, for the
    record. A repeat with the same `command_id` returns the first answer. `at` is for subscriptions with a test clock.
    """

    action: ClassVar[Action]

    by: Annotated[str, Field(min_length=1, max_length=64)]
    actor: Signature | None = None
    command_id: Id | None = None
    at: RequestInstant | None = None
    expected: Expected | None = None

    def fingerprint(self) -> str:
        """A digest of the command without its `command_id`, to recognise a repeat.

        Fields that are not set are left out, so that a field added by a later version does not change the digest.
        """
        content = self.model_dump(mode="json", exclude={"command_id"}, exclude_none=True)
        return fingerprint([self.action, content])


class Activate(Command):
    """The publisher has finished the set-up (ISV-4)."""

    action = Action.ACTIVATE
    do: Literal["activate"] = "activate"


class ChangeQuantity(Command):
    """Change the licence quantity, prorated (MON-4), or for the renewal (REN-4)."""

    action = Action.CHANGE_QUANTITY
    do: Literal["change_quantity"] = "change_quantity"
    quantity: Quantity
    when: MadeWhen = When.NOW


class RejectQuantity(Command):
    """The publisher rejects a change of the quantity: the quantity before it is restored, prorated (MON-4).

    `sequence` is the number of the rejected `quantity_changed` event.
    """

    action = Action.REJECT_QUANTITY
    do: Literal["reject_quantity"] = "reject_quantity"
    sequence: Sequence
    details: Details | None = None


class SetAddOn(Command):
    """Set the quantity of an add-on, prorated (MON-4), or for the renewal (REN-4); 0 removes it (ELG-8)."""

    action = Action.SET_ADD_ON
    do: Literal["set_add_on"] = "set_add_on"
    add_on: Id
    quantity: Quantity
    when: MadeWhen = When.NOW


class UndoScheduledChanges(Command):
    """Undo what is scheduled for the renewal (REN-4)."""

    action = Action.UNDO_SCHEDULED_CHANGES
    do: Literal["undo_scheduled_changes"] = "undo_scheduled_changes"


class Suspend(Command):
    """Place a hold (SUS-1). With `until` it is a planned pause at the customer's request, which ends then (SUS-11)."""

    action = Action.SUSPEND
    do: Literal["suspend"] = "suspend"
    reason: Annotated[Reason, Field(strict=False)]
    until: RequestInstant | None = None
    details: Details | None = None


class Reactivate(Command):
    """Lift every hold, or with a `reason` only that one, as a payment does (SUS-5, SUS-9)."""

    action = Action.REACTIVATE
    do: Literal["reactivate"] = "reactivate"
    reason: Annotated[Reason, Field(strict=False)] | None = None


class Cancel(Command):
    """End the subscription: now for credit in the refund window, at renewal after it (CXL-2, CXL-3)."""

    action = Action.CANCEL
    do: Literal["cancel"] = "cancel"
    reason: Annotated[Reason, Field(strict=False)]
    details: Details | None = None


class SetAutoRenew(Command):
    """Turn auto-renew on or off (REN-2, REN-3)."""

    action = Action.SET_AUTO_RENEW
    do: Literal["set_auto_renew"] = "set_auto_renew"
    enabled: bool


class Deprovision(Command):
    """End a usage subscription and bill its final usage (CXL-6)."""

    action = Action.DEPROVISION
    do: Literal["deprovision"] = "deprovision"


class ReportUsage(Command):
    """Report used units (USE-1). The report goes to the books, never through a workflow's history.

    `used_at` is the instant of the usage, now by default. Usage whose period is already billed goes on the next charge,
    at the price of its period (USE-2). With `corrects`, the id of another report, the units replace that one's, which
    keeps its instant; 0 takes it back (USE-3).
    """

    action = Action.REPORT_USAGE
    do: Literal["report_usage"] = "report_usage"
    units: RequestDecimal
    usage_id: Id
    corrects: Id | None = None
    used_at: RequestInstant | None = None

    @field_validator("used_at")
    @classmethod
    def _none_for_a_correction(cls, used_at: datetime | None, fields: ValidationInfo) -> datetime | None:
        if used_at is not None and fields.data.get("corrects") is not None:
            raise ValueError(
                "takes no instant beside `corrects`: a correction keeps that of the report that it corrects"
            )
        return used_at


class ChangePrice(Command):
    """Set the catalog's price from an instant on, in place of all known prices from then on (BUY-5).

    The price holds from `holds_from`, by default from the instant of the command; `later` are the changes after it, in
    order. `catalog_version` shows whether a message that arrives late is from an older catalog.
    """

    action = Action.CHANGE_PRICE
    do: Literal["change_price"] = "change_price"
    unit_price: RequestDecimal
    holds_from: RequestInstant | None = None
    later: Annotated[tuple[Price, ...], Field(max_length=100, strict=False)] | None = None
    catalog_version: Annotated[int, Field(ge=0)] | None = None

    def faults(self, offer: PinnedOffer, at: datetime | None, quantity: int = 1) -> Iterator[Fault]:
        """What is wrong with the prices for this offer."""
        yield from offer.price_faults(("unit_price",), self.unit_price, quantity)
        for index, price in enumerate(self.later or ()):
            yield from offer.price_faults(("later", index, "unit_price"), price.unit_price, quantity)
        yield from order_faults("later", self.later or (), self.holds_from or at)


AnyCommand = Annotated[
    Activate
    | ChangeQuantity
    | RejectQuantity
    | SetAddOn
    | UndoScheduledChanges
    | Suspend
    | Reactivate
    | Cancel
    | SetAutoRenew
    | Deprovision
    | ReportUsage
    | ChangePrice,
    Field(discriminator="do"),
]
