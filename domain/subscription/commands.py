"""What may be asked of a subscription: one strict model a command."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from domain.catalog.offers import MAX_QUANTITY, PinnedOffer, Price, order_faults
from domain.money import Money
from domain.roles import Action
from domain.subscription.holds import Reason
from domain.values import WITHOUT_NUL, Id, RequestDecimal, RequestInstant, Strict, without_nul

Details = Annotated[str, Field(max_length=1024), AfterValidator(without_nul), WITHOUT_NUL]
Quantity = Annotated[int, Field(ge=0, le=MAX_QUANTITY)]
Sequence = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Expected(Strict):
    """What the person was shown when confirming: if the decision differs now, nothing is done."""

    outcome: Annotated[str, Field(max_length=64)]
    credit: Money | None = None
    charge: Money | None = None


class Command(Strict):
    """What every command carries: who asks, and how the asking is told from asking again.

    `by` is a role of ROL-1, or publisher, service, system. `actor` names the person or service, for the
    record. `command_id` makes a repeat get the first answer. `at` is taken only by a subscription that was
    bought with a test clock.
    """

    action: ClassVar[Action]

    by: Annotated[str, Field(min_length=1, max_length=64)]
    actor: Id | None = None
    command_id: Id | None = None
    at: RequestInstant | None = None
    expected: Expected | None = None

    def fingerprint(self) -> str:
        """A digest of what is asked, without the id it is asked under.

        What is not said is left out: a field that a later version adds must not make a repeat another command.
        """
        asked = self.model_dump(mode="json", exclude={"command_id"}, exclude_none=True)
        text = json.dumps([self.action, asked], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Activate(Command):
    """The publisher's set-up is done (ISV-4)."""

    action = Action.ACTIVATE
    do: Literal["activate"] = "activate"


class ChangeQuantity(Command):
    """Another number of licences, prorated (MON-4)."""

    action = Action.CHANGE_QUANTITY
    do: Literal["change_quantity"] = "change_quantity"
    quantity: Quantity


class RejectQuantity(Command):
    """The publisher does not accept a change of the quantity: what was before it comes back, prorated (MON-4).

    `sequence` is the seq of the `quantity_changed` that it was told of.
    """

    action = Action.REJECT_QUANTITY
    do: Literal["reject_quantity"] = "reject_quantity"
    sequence: Sequence
    details: Details | None = None


class SetAddOn(Command):
    """So many of an add-on from now on, prorated (MON-4)."""

    action = Action.SET_ADD_ON
    do: Literal["set_add_on"] = "set_add_on"
    add_on: Id
    quantity: Quantity


class Suspend(Command):
    """Place a hold (SUS-1)."""

    action = Action.SUSPEND
    do: Literal["suspend"] = "suspend"
    reason: Annotated[Reason, Field(strict=False)]
    details: Details | None = None


class Reactivate(Command):
    """Lift every hold, or with a reason only that one: what a payment does (SUS-5, SUS-9)."""

    action = Action.REACTIVATE
    do: Literal["reactivate"] = "reactivate"
    reason: Annotated[Reason, Field(strict=False)] | None = None


class Cancel(Command):
    """End it: for credit inside the window, at renewal after it (CXL-2, CXL-3)."""

    action = Action.CANCEL
    do: Literal["cancel"] = "cancel"
    reason: Annotated[Reason, Field(strict=False)]
    details: Details | None = None


class SetAutoRenew(Command):
    """Renew at the term's end, or do not (REN-2, REN-3)."""

    action = Action.SET_AUTO_RENEW
    do: Literal["set_auto_renew"] = "set_auto_renew"
    enabled: bool


class Deprovision(Command):
    """End a usage subscription: the final usage is billed (CXL-6)."""

    action = Action.DEPROVISION
    do: Literal["deprovision"] = "deprovision"


class ReportUsage(Command):
    """So many units were used (SUS-10). Goes to the usage book, never through a workflow's history.

    `used_at` is when, where it is told later: what comes after its period was billed goes on the next charge.
    """

    action = Action.REPORT_USAGE
    do: Literal["report_usage"] = "report_usage"
    units: RequestDecimal
    usage_id: Id
    used_at: RequestInstant | None = None


class ChangePrice(Command):
    """The catalog's price from an instant on, in place of all that was told before for it and later ones (BUY-5).

    It holds from `holds_from`, or from the command's own instant; `later` are the changes after it, in order.
    By `catalog_version` a message that comes late is known to be older than what a newer catalog told.
    """

    action = Action.CHANGE_PRICE
    do: Literal["change_price"] = "change_price"
    unit_price: RequestDecimal
    holds_from: RequestInstant | None = None
    later: Annotated[tuple[Price, ...], Field(max_length=100, strict=False)] | None = None
    catalog_version: Annotated[int, Field(ge=0)] | None = None

    def faults(
        self, offer: PinnedOffer, at: datetime | None, quantity: int | None = None
    ) -> Iterator[tuple[tuple[str | int, ...], object, str]]:
        """What the offer or the command's instant show to be wrong: (path, what came, what it takes)."""
        yield from offer.price_faults(("unit_price",), self.unit_price, quantity)
        for index, price in enumerate(self.later or ()):
            yield from offer.price_faults(("later", index, "unit_price"), price.unit_price, quantity)
        for index, got, takes in order_faults(self.later or (), self.holds_from or at):
            yield ("later", index, "at"), got, takes


AnyCommand = Annotated[
    Activate
    | ChangeQuantity
    | RejectQuantity
    | SetAddOn
    | Suspend
    | Reactivate
    | Cancel
    | SetAutoRenew
    | Deprovision
    | ReportUsage
    | ChangePrice,
    Field(discriminator="do"),
]
