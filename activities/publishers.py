"""The publishers that are told of their subscriptions: addresses, secrets and limits, from the operator's file."""

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr

from domain.delivery import DeliveryTerms
from domain.values import Id, Strict

MAX_PUBLISHERS = 500


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value))
    except ValueError:
        raise ValueError("takes a network such as 127.0.0.0/8") from None


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


class Dialect(StrEnum):
    """What a publisher is told in: our own words, or those of Microsoft's SaaS fulfillment v2 webhook."""

    PERENNIAL = "perennial"
    MICROSOFT = "microsoft"


class Endpoint(Strict):
    """Where and how one publisher is told. `id` is the `vendor` of its offers in the catalog.

    Every message is signed with each of `secrets`, so that one can be replaced while both are known. Only https and
    public addresses are spoken to, unless `allow_http` or `allow_networks` say otherwise.
    """

    id: Id
    url: Annotated[str, Field(pattern=r"^https?://[^\s]{1,500}$")]
    dialect: Annotated[Dialect, Field(strict=False)] = Dialect.PERENNIAL
    secrets: Annotated[tuple[SecretStr, ...], Field(min_length=1, max_length=5, strict=False)]
    per_second: Annotated[int, Field(ge=1, le=10_000)] = 20
    at_once: Annotated[int, Field(ge=1, le=100)] = 8
    timeout_seconds: Annotated[int, Field(ge=1, le=30)] = 15
    terms: DeliveryTerms = DeliveryTerms()
    allow_http: bool = False
    allow_networks: Annotated[tuple[Network, ...], Field(max_length=20, strict=False)] = ()


class Publishers(Strict):
    """The file's content: every publisher once."""

    publishers: Annotated[tuple[Endpoint, ...], Field(max_length=MAX_PUBLISHERS, strict=False)] = ()

    def of(self, publisher: str) -> Endpoint | None:
        """The publisher's endpoint; None where the operator has not named it."""
        return next((endpoint for endpoint in self.publishers if endpoint.id == publisher), None)

    @property
    def ids(self) -> frozenset[str]:
        """Who is told."""
        return frozenset(endpoint.id for endpoint in self.publishers)
