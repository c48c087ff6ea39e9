"""Why a publisher's request is not answered. Each message is the one line that the publisher reads."""

from typing import ClassVar


class Refused(Exception):
    """Base of them all; the error's `type` on the wire is the class's name."""

    status: ClassVar[int]
    retry_after: ClassVar[int | None] = None
    """In seconds."""


class Malformed(Refused):
    """It is not what the protocol takes."""

    status = 400


class Unsigned(Refused):
    """It lacks what a signed request carries."""

    status = 401


class BadSignature(Refused):
    """No secret of that publisher has signed exactly this; or there is no such publisher, which is not told."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "This request is not signed with a secret of that publisher. The signature covers webhook-id, "
            "webhook-timestamp and the body's very bytes, as Standard Webhooks says (v1)."
        )


class Stale(Refused):
    """It was signed too long ago, or ahead of our time."""

    status = 401


class TokenRefused(Refused):
    """The set-up token is not valid, or not of this subscription (ISV-3)."""

    status = 403


class NotYours(Refused):
    """The subscription is of another publisher's offer, or there is none: which of the two is not told."""

    status = 403

    def __init__(self) -> None:
        super().__init__("There is no subscription of that id to an offer of yours.")


class TooSlow(Refused):
    """The body did not come in time."""

    status = 408


class Replayed(Refused):
    """A request with this id has been taken before."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "A request with this webhook-id has been taken before: every request takes a new one, a repeat, too."
        )


class TooLarge(Refused):
    """The body is larger than any request."""

    status = 413


class Unavailable(Refused):
    """The database or the subscription does not answer now. It may have been done: asking again is safe."""

    status = 503
    retry_after = 5

    def __init__(self, reason: str = "No answer just now.") -> None:
        super().__init__(f"{reason} Send it again in a few seconds, signed anew under a new webhook-id.")
