"""The public contract of the Nexus service `subscriptions`: what a workflow elsewhere may ask of a subscription."""

from typing import Annotated

import nexusrpc
from pydantic import Field

from domain.roles import Party
from domain.subscription.commands import Cancel, Command, Details, Expected, Reactivate, Suspend
from domain.subscription.decision import Answer
from domain.subscription.holds import Reason
from domain.values import Id, RequestInstant, Strict
from workflows.subscription.messages import Details as Shown

SERVICE = "subscriptions"
CALLER = "nexus-caller"
"""The actor of a request whose sender does not say who it is."""


class NexusRequest(Strict):
    """What every request carries. It is asked by a `service`, always: a caller is no user, and no publisher.

    `actor` names the caller, for the record. Without a `command_id` the operation's request id is taken, which stays
    the same however often the operation is tried. `at` is taken only by a subscription with a test clock.
    """

    subscription_id: Id
    actor: Id = CALLER
    command_id: Id | None = None
    at: RequestInstant | None = None
    expected: Expected | None = None

    def command(self, request_id: str) -> Command:
        """The command that the service asks for in its caller's name."""
        raise NotImplementedError

    def _fields(self, request_id: str) -> dict[str, object]:
        own = {name: getattr(self, name) for name in type(self).model_fields if name != "subscription_id"}
        return {**own, "by": Party.SERVICE.value, "command_id": self.command_id or request_id}


class CancelSubscription(NexusRequest):
    """End it: for credit inside the window, at renewal after it (CXL-2, CXL-3)."""

    reason: Annotated[Reason, Field(strict=False)]
    details: Details | None = None

    def command(self, request_id: str) -> Cancel:
        """The update `cancel`."""
        return Cancel.model_validate(self._fields(request_id))


class SuspendSubscription(NexusRequest):
    """Place a hold (SUS-1)."""

    reason: Annotated[Reason, Field(strict=False)]
    details: Details | None = None

    def command(self, request_id: str) -> Suspend:
        """The update `suspend`."""
        return Suspend.model_validate(self._fields(request_id))


class ReactivateSubscription(NexusRequest):
    """Lift every hold, or with a reason only that one (SUS-5, SUS-9)."""

    reason: Annotated[Reason, Field(strict=False)] | None = None

    def command(self, request_id: str) -> Reactivate:
        """The update `reactivate`."""
        return Reactivate.model_validate(self._fields(request_id))


class ShowSubscription(Strict):
    """The subscription as it stands, with what is allowed and what comes next."""

    subscription_id: Id


@nexusrpc.service(name=SERVICE)
class SubscriptionsService:
    """The operations, as a caller of ours would import them."""

    cancel: nexusrpc.Operation[CancelSubscription, Answer]
    suspend: nexusrpc.Operation[SuspendSubscription, Answer]
    reactivate: nexusrpc.Operation[ReactivateSubscription, Answer]
    details: nexusrpc.Operation[ShowSubscription, Shown]


OPERATIONS: dict[str, tuple[type[Strict], type]] = {
    "cancel": (CancelSubscription, Answer),
    "suspend": (SuspendSubscription, Answer),
    "reactivate": (ReactivateSubscription, Answer),
    "details": (ShowSubscription, Shown),
}
"""The operations by name: what each takes and gives."""
