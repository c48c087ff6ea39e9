"""The publishers that are told of their subscriptions: addresses, secrets and limits, from the operator's file."""

import binascii
import re
from base64 import b64decode, b64encode
from collections import Counter
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, SecretStr, ValidationInfo, field_validator

from domain.notification import DeliveryTerms
from domain.values import Id, Strict

MAX_PUBLISHERS = 500
SECRET_PREFIX = "whsec_"  # noqa: S105 - no secret, what every one begins with
_SECRET_BYTES = range(24, 65)
# Neither user nor password, fragment or zone id has a place in it.
_URL = re.compile(
    r"https?://(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_-][A-Za-z0-9_.-]{0,252})(:(?P<port>[0-9]{1,5}))?([/?][!-\"$-~]{0,500})?"
)


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value))
    except ValueError:
        raise ValueError("takes a network such as 127.0.0.0/8") from None


def _signing_key(secret: SecretStr) -> SecretStr:
    """A secret of Standard Webhooks. What came is in no message."""
    prefix, _, key = secret.get_secret_value().partition("_")
    try:
        decoded = b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    # Libraries differ in what they make of base64 that is not as it should be: nobody could verify the signature.
    as_it_should_be = f"{SECRET_PREFIX}{b64encode(decoded).decode()}" == f"{prefix}_{key}"
    if len(decoded) not in _SECRET_BYTES or not as_it_should_be:
        raise ValueError(f"takes {SECRET_PREFIX} and the base64 of 24 to 64 random bytes")
    return secret


Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network)]
Secret = Annotated[SecretStr, AfterValidator(_signing_key)]


class Dialect(StrEnum):
    """What a publisher is told in: our own words, or those of Microsoft's SaaS fulfillment v2 webhook."""

    PERENNIAL = "perennial"
    MICROSOFT = "microsoft"


class Endpoint(Strict):
    """Where and how one publisher is told. `id` is the `vendor` of its offers in the catalog.

    Every message is signed with each of `secrets`, so that one can be replaced while both are known. Only https and
    public addresses are spoken to, unless `allow_http` or `allow_networks` say otherwise.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    id: Id
    # Before the address, whose check needs it.
    allow_http: bool = False
    # Its query may hold a key.
    url: Annotated[str, Field(repr=False)]
    dialect: Annotated[Dialect, Field(strict=False)] = Dialect.PERENNIAL
    secrets: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=5, strict=False)]
    per_second: Annotated[int, Field(ge=1, le=10_000)] = 20
    at_once: Annotated[int, Field(ge=1, le=100)] = 8
    timeout_seconds: Annotated[int, Field(ge=1, le=30)] = 15
    terms: DeliveryTerms = DeliveryTerms()
    allow_networks: Annotated[tuple[Network, ...], Field(max_length=20, strict=False)] = ()

    @field_validator("url")
    @classmethod
    def _address(cls, url: str, info: ValidationInfo) -> str:
        found = _URL.fullmatch(url)
        if found is None or not 1 <= int(found["port"] or "443") <= 65_535:
            raise ValueError(
                "takes an address such as https://hooks.contoso.example/perennial, in ASCII, "
                "without user, password or fragment"
            )
        if url.startswith("http:") and not info.data.get("allow_http", True):
            raise ValueError("takes https://, or allow_http: true beside it")
        return url


class Publishers(Strict):
    """The file's content: every publisher once."""

    model_config = ConfigDict(hide_input_in_errors=True)

    publishers: Annotated[tuple[Endpoint, ...], Field(max_length=MAX_PUBLISHERS, strict=False)] = ()

    @field_validator("publishers")
    @classmethod
    def _each_once(cls, publishers: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        times = Counter(endpoint.id for endpoint in publishers)
        if again := [publisher for publisher, count in times.items() if count > 1]:
            raise ValueError(f"takes every id once; {', '.join(again[:5])} is there more often")
        return publishers

    def of(self, publisher: str) -> Endpoint | None:
        """The publisher's endpoint; None where the operator has not named it."""
        return next((endpoint for endpoint in self.publishers if endpoint.id == publisher), None)

    @property
    def ids(self) -> frozenset[str]:
        """Who is told."""
        return frozenset(endpoint.id for endpoint in self.publishers)
