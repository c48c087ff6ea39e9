"""The search attributes that the server filters and counts workflows by."""

from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.ordering.terms import Order
from domain.subscription.subscription import Subscription
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.timeline import What, timeline

STATE = SearchAttributeKey.for_keyword("SubscriptionState")
CUSTOMER = SearchAttributeKey.for_keyword("CustomerId")
OFFER = SearchAttributeKey.for_keyword("OfferId")
PUBLISHER = SearchAttributeKey.for_keyword("Publisher")
AUTO_RENEW = SearchAttributeKey.for_bool("AutoRenew")
ENDS_AT = SearchAttributeKey.for_datetime("EndsAt")
ATTENTION = SearchAttributeKey.for_keyword("Attention")

STANDING = SearchAttributeKey.for_keyword("AccountStanding")

ALL: tuple[SearchAttributeKey[Any], ...] = (STATE, CUSTOMER, OFFER, PUBLISHER, AUTO_RENEW, ENDS_AT, ATTENTION, STANDING)

Changing = dict[SearchAttributeKey[Any], Any]
_ENDINGS = {What.EXPIRE, What.DELETE, What.ACTIVATION_DEADLINE}


def of_purchase(order: Order) -> TypedSearchAttributes:
    """The attributes of a subscription as its purchase leaves it; set with the start, where they cost nothing."""
    return of_subscription(Lifecycle().begin(order).subscription)


def of_subscription(subscription: Subscription) -> TypedSearchAttributes:
    """All attributes of a subscription that needs no attention; set where a run is started."""
    return TypedSearchAttributes([*fixed(subscription), *_set(changing(subscription, None))])


def fixed(subscription: Subscription) -> TypedSearchAttributes:
    """The attributes of a subscription that never change."""
    offer = subscription.offer
    return _set({CUSTOMER: subscription.customer_id, OFFER: offer.id, PUBLISHER: offer.publisher.value})


def changing(subscription: Subscription, attention: str | None) -> Changing:
    """The attributes of a subscription that change, with commands and states, not with each renewal.

    It has ENDS_AT, where it ends if no command comes, only while it does not renew.
    """
    ends_at = next((m.at for m in timeline(subscription, subscription.last_at) if m.what in _ENDINGS), None)
    return {
        STATE: subscription.state.value,
        AUTO_RENEW: subscription.auto_renew,
        ENDS_AT: ends_at,
        ATTENTION: attention,
    }


def of_customer(customer_id: str) -> TypedSearchAttributes:
    """The attribute of an order; set with the start."""
    return _set({CUSTOMER: customer_id})


def of_new_account(customer_id: str, status: str) -> TypedSearchAttributes:
    """The attributes of an account that needs no attention; set with the start."""
    return _set({CUSTOMER: customer_id, **of_account(status, None)})


def _set(attributes: Changing) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [SearchAttributePair(key, value) for key, value in attributes.items() if value is not None]
    )


def of_account(status: str, attention: str | None) -> Changing:
    """The attributes of an account that change with invoices and payments."""
    return {STANDING: status, ATTENTION: attention}


def upsert(wanted: Changing) -> None:
    """Upsert the attributes that change: a new run has those of the run before."""
    known = workflow.info().typed_search_attributes
    changed = [
        key.value_set(value) if value is not None else key.value_unset()
        for key, value in wanted.items()
        if known.get(key) != value
    ]
    if changed:
        workflow.upsert_search_attributes(changed)
