"""Turn an event into the message for a publisher, in its dialect: the same bytes at every attempt."""

from activities.notifications import dialect_microsoft as microsoft
from activities.notifications import dialect_perennial as perennial
from activities.notifications.contracts import Message, Notice, message_id
from activities.notifications.publishers import Endpoint
from domain.catalog.publishers import Dialect

_NOTIFICATIONS = {
    Dialect.PERENNIAL: perennial.notification,
    Dialect.MICROSOFT: microsoft.notification,
}


def compose(endpoint: Endpoint, notice: Notice, previous: int) -> Message | None:
    """The message in the publisher's dialect. None if the dialect has no message for the event.

    `previous` is the sequence number of the event that the publisher received before this one, 0 for none.
    """
    notification = _NOTIFICATIONS[endpoint.dialect](endpoint.id, notice, previous)
    if notification is None:
        return None
    return Message(
        id=message_id(notice.subscription_id, notice.seq), body=notification.model_dump_json(by_alias=True).encode()
    )
