"""The words in which publishers are told: one event as one message, the same bytes at every try."""

from activities.notifications import dialect_microsoft as microsoft
from activities.notifications import dialect_perennial as perennial
from activities.notifications.contracts import Message, Notice, message_id
from activities.notifications.publishers import Dialect, Endpoint

_NOTIFICATIONS = {
    Dialect.PERENNIAL: perennial.notification,
    Dialect.MICROSOFT: microsoft.notification,
}


def compose(endpoint: Endpoint, notice: Notice, previous: int) -> Message | None:
    """The event in the publisher's dialect; None where that has no word for it.

    `previous` is the sequence number of the event that it was told before this one, 0 for none.
    """
    notification = _NOTIFICATIONS[endpoint.dialect](endpoint.id, notice, previous)
    if notification is None:
        return None
    return Message(
        id=message_id(notice.subscription_id, notice.seq), body=notification.model_dump_json(by_alias=True).encode()
    )
