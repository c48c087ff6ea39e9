"""The dialect `microsoft`: the format of the webhook in Microsoft's SaaS fulfillment API, version 2."""

from enum import StrEnum
from typing import Annotated
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from activities.notifications.contracts import Notice, message_id
from activities.notifications.dialect_perennial import Moment, Previous, Sequence
from domain.subscription.events import EventName
from domain.values import Frozen


class Action(StrEnum):
    """What happens to the subscription. Microsoft's `ChangePlan` does not exist here."""

    SUBSCRIBE = "Subscribe"
    CHANGE_QUANTITY = "ChangeQuantity"
    RENEW = "Renew"
    SUSPEND = "Suspend"
    REINSTATE = "Reinstate"
    UNSUBSCRIBE = "Unsubscribe"


class Status(StrEnum):
    """`InProgress`: the publisher can still reject it. `Succeeded`: it is only informed."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"


# A subscription has exactly one of these with the state trial or active.
_BEGINNINGS = frozenset({EventName.PURCHASED, EventName.ACTIVATED, EventName.BEGUN, EventName.TRIAL_STARTED})
_ACTIONS = {
    EventName.QUANTITY_CHANGED: Action.CHANGE_QUANTITY,
    EventName.RENEWED: Action.RENEW,
    EventName.SUSPENDED: Action.SUSPEND,
    EventName.REACTIVATED: Action.REINSTATE,
    EventName.CANCELLED: Action.UNSUBSCRIBE,
    EventName.EXPIRED: Action.UNSUBSCRIBE,
    EventName.DELETED: Action.UNSUBSCRIBE,
    EventName.DEPROVISIONED: Action.UNSUBSCRIBE,
}


class SaasNotification(Frozen):
    """One operation on a subscription. Receivers ignore fields that they do not know.

    GUIDs are derived (uuid5). `id` names the operation and comes from the message's id, so it is the same at every
    attempt. `subscriptionId` comes from Perennial's subscription id, which need not be a GUID and is in
    `perennialSubscriptionId`. An offer has one plan, so `planId` repeats `offerId`. `timeStamp` is when it happened.
    A ChangeQuantity is already in effect: to reject it, a publisher answers 200 and then sends the request
    `reject_quantity` with its `sequence`.
    """

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)

    id: UUID
    activity_id: UUID
    publisher_id: str
    offer_id: str
    plan_id: str
    quantity: int
    subscription_id: UUID
    time_stamp: Moment
    action: Action
    status: Status
    operation_request_source: Annotated[str, Field(description="Always `Azure`: the marketplace started it.")]
    perennial_subscription_id: str
    sequence: Sequence
    previous: Previous


def notification(publisher: str, notice: Notice, previous: int) -> SaasNotification | None:
    """The message, or None if Microsoft has no action for the event.

    It has none for set-up, conversion, charges, add-ons, auto-renew, scheduled cancellations and further holds.
    """
    action = _action(notice)
    if action is None:
        return None
    message = message_id(notice.subscription_id, notice.seq)
    return SaasNotification(
        id=_guid("operation", message),
        activity_id=_guid("activity", message),
        publisher_id=publisher,
        offer_id=notice.offer_id,
        plan_id=notice.offer_id,
        quantity=notice.quantity,
        subscription_id=_guid("subscription", notice.subscription_id),
        time_stamp=notice.at,
        action=action,
        status=Status.IN_PROGRESS if action is Action.CHANGE_QUANTITY else Status.SUCCEEDED,
        operation_request_source="Azure",
        perennial_subscription_id=notice.subscription_id,
        sequence=notice.seq,
        previous=previous,
    )


def _action(notice: Notice) -> Action | None:
    if notice.event in _BEGINNINGS:
        return Action.SUBSCRIBE if notice.state.users_have_access else None
    return _ACTIONS.get(notice.event)


def _guid(kind: str, key: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"urn:perennial:{kind}:{key}")
