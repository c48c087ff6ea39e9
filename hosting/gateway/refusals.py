"""Errors for publishers' requests. Each message is one line for the publisher."""

from typing import ClassVar


class Refused(Exception):
    """Base of these errors; the `type` in the response is the class's name."""

    status: ClassVar[int]
    retry_after: ClassVar[int | None] = None
    """Seconds, for the Retry-After header."""


class Malformed(Refused):
    """The request does not follow the protocol."""

    status = 400


class Unsigned(Refused):
    """A header of a signed request is missing."""

    status = 401


class BadSignature(Refused):
    """No secret of that publisher signed this request, or the publisher is unknown: the answer does not say which."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "This request is not signed with a secret of that publisher. The signature covers webhook-id, "
            "webhook-timestamp and the exact bytes of the body (Standard Webhooks, v1)."
        )


class Stale(Refused):
    """The request was signed too long ago, or its time is ahead of this server's."""

    status = 401


class TokenRefused(Refused):
    """The set-up token is not valid, or belongs to another subscription (ISV-3)."""

    status = 403


class NotYours(Refused):
    """The subscription is to another publisher's offer, or does not exist: the answer does not say which."""

    status = 403

    def __init__(self) -> None:
        super().__init__("No subscription with that id is to an offer of yours.")


class TooSlow(Refused):
    """The body did not arrive in time."""

    status = 408


class Replayed(Refused):
    """The publisher has used this request id before."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This webhook-id has been used before: every request needs a new one, and so does a repeated request."
        )


class TooLarge(Refused):
    """The body is larger than any valid request."""

    status = 413


class Unavailable(Refused):
    """The database or the subscription does not answer now. The request may have been carried out; repeat it."""

    status = 503
    retry_after = 5

    def __init__(self, reason: str = "No answer at the moment.") -> None:
        super().__init__(f"{reason} Send the request again in a few seconds, signed again under a new webhook-id.")
