"""The link to the publisher's site with which a buyer finishes the set-up (ISV-1, ISV-3)."""

from datetime import datetime, timedelta

from domain.subscription.events import State
from domain.values import Frozen, Instant

TOKEN_LIFE = timedelta(hours=24)
"""ISV-3: half-open, as every span here."""


class SetupLink(Frozen):
    """The address, with its token; whoever has it can see the purchase until it expires."""

    subscription_id: str
    url: str
    expires_at: Instant


class Resolved(Frozen):
    """What a publisher learns of a purchase by its token, in every state (ISV-3)."""

    subscription_id: str
    customer: str
    offer: str
    quantity: int
    add_ons: dict[str, int]
    state: State
    ordered_at: Instant
    expires_at: Instant


def link_to(setup_url: str, token: str) -> str:
    """The publisher's page with the token as its query."""
    return f"{setup_url}?token={token}"


def valid(expires_at: datetime, now: datetime) -> bool:
    """Whether a token can still be used: at its last instant it cannot."""
    return now < expires_at
