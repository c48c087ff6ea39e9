"""The link with which a buyer completes the set-up on the publisher's site (ISV-1, ISV-3)."""

from datetime import datetime, timedelta

from domain.subscription.events import State
from domain.values import Frozen, Instant

TOKEN_LIFE = timedelta(hours=24)
"""ISV-3: a token is valid until just before this span has passed."""

LONGEST_TOKEN = 1000
"""Characters of a token that is looked up at all; those of Perennial's links are shorter."""


class SetupLink(Frozen):
    """The address with its token. Anyone who has the link can see the purchase until the token expires."""

    subscription_id: str
    url: str
    expires_at: Instant


class Resolved(Frozen):
    """What a publisher sees of a purchase when it resolves the token, in every state (ISV-3)."""

    subscription_id: str
    customer: str
    offer: str
    quantity: int
    add_ons: dict[str, int]
    state: State
    ordered_at: Instant
    expires_at: Instant


def link_to(setup_url: str, token: str) -> str:
    """Return the address of the publisher's page with the token in its query."""
    return f"{setup_url}?token={token}"


def valid(expires_at: datetime, now: datetime) -> bool:
    """Whether a token that expires at `expires_at` can still be used; at that very instant it cannot."""
    return now < expires_at
