"""The public contract of the Nexus service `subscriptions`, which workflows in other namespaces call."""

from typing import Annotated

import nexusrpc
from pydantic import Field

from domain.roles import Party
from domain.subscription.commands import Cancel, Command, Details, Expected, Reactivate, Suspend
from domain.subscription.decision import Answer
from domain.subscription.holds import Reason
from domain.values import Id, RequestInstant, Signature, Strict
from workflows.subscription.messages import Details as Shown

SERVICE = "subscriptions"
CALLER = "nexus-caller"
"""The actor of a request without one."""


class NexusRequest(Strict):
    """What every request carries. It always comes by `service`, never by a user or a publisher.

    `actor` names the caller, for the record. Without a `command_id` the operation's request id is used, which stays the
    same when the operation is retried. Only a subscription with a test clock takes `at`.
    """

    subscription_id: Id
    actor: Signature = CALLER
    command_id: Id | None = None
    at: RequestInstant | None = None
    expected: Expected | None = None

    def command(self, request_id: str) -> Command:
        """The command to send to the subscription. Raises ValidationError."""
        own = {name: getattr(self, name) for name in type(self).model_fields if name != "subscription_id"}
        fields = {**own, "by": Party.SERVICE.value, "command_id": self.command_id or request_id}
        return _COMMANDS[type(self)].model_validate(fields)


class CancelSubscription(NexusRequest):
    """Cancel it: now and for credit inside the window, at renewal after it (CXL-2, CXL-3)."""

    reason: Annotated[Reason, Field(strict=False)]
    details: Details | None = None


class SuspendSubscription(NexusRequest):
    """Place a hold (SUS-1)."""

    reason: Annotated[Reason, Field(strict=False)]
    details: Details | None = None


class ReactivateSubscription(NexusRequest):
    """Lift all holds, or only the one with the given reason (SUS-5, SUS-9)."""

    reason: Annotated[Reason, Field(strict=False)] | None = None


_COMMANDS: dict[type[NexusRequest], type[Command]] = {
    CancelSubscription: Cancel,
    SuspendSubscription: Suspend,
    ReactivateSubscription: Reactivate,
}


class ShowSubscription(Strict):
    """The subscription, its timeline and the commands that are allowed."""

    subscription_id: Id


@nexusrpc.service(name=SERVICE)
class SubscriptionsService:
    """The operations, for callers that import them."""

    cancel: nexusrpc.Operation[CancelSubscription, Answer]
    suspend: nexusrpc.Operation[SuspendSubscription, Answer]
    reactivate: nexusrpc.Operation[ReactivateSubscription, Answer]
    details: nexusrpc.Operation[ShowSubscription, Shown]


OPERATIONS: dict[str, tuple[type[Strict], type]] = {
    name: operation.__args__ for name, operation in SubscriptionsService.__annotations__.items()
}
"""The operations by name: what each takes and returns."""
