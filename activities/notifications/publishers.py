"""The publishers to notify: addresses, secrets and limits, as the operator's file has them."""

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
SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of every secret, not a secret
_SECRET_BYTES = range(24, 65)
# Without user, password, fragment or zone id.
_URL = re.compile(
    r"https?://(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_-][A-Za-z0-9_.-]{0,252})(:(?P<port>[0-9]{1,5}))?([/?][!-\"$-~]{0,500})?"
)


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value))
    except ValueError:
        raise ValueError("takes a network such as 127.0.0.0/8") from None


def _signing_key(secret: SecretStr) -> SecretStr:
    """Check a secret of Standard Webhooks. The error message does not show the value."""
    prefix, _, key = secret.get_secret_value().partition("_")
    try:
        decoded = b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    # Libraries decode irregular base64 differently, so receivers could not verify the signature.
    is_canonical = f"{SECRET_PREFIX}{b64encode(decoded).decode()}" == f"{prefix}_{key}"
    if len(decoded) not in _SECRET_BYTES or not is_canonical:
        raise ValueError(f"takes {SECRET_PREFIX} and the base64 of 24 to 64 random bytes")
    return secret


Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network)]
Secret = Annotated[SecretStr, AfterValidator(_signing_key)]


class Dialect(StrEnum):
    """The format of a publisher's messages: Perennial's own, or that of Microsoft's SaaS fulfillment v2 webhook."""

    PERENNIAL = "perennial"
    MICROSOFT = "microsoft"


class Endpoint(Strict):
    """Where and how one publisher is notified. `id` is the `vendor` of its offers in the catalog.

    Every message is signed with each of `secrets`, so that a secret can be replaced while both are in use. Only https
    and public addresses are used, unless `allow_http` or `allow_networks` permit others.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    id: Id
    # Declared before `url`, whose check reads it.
    allow_http: bool = False
    # The query may hold a key.
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
    """The content of the publishers file."""

    model_config = ConfigDict(hide_input_in_errors=True)

    publishers: Annotated[tuple[Endpoint, ...], Field(max_length=MAX_PUBLISHERS, strict=False)] = ()

    @field_validator("publishers")
    @classmethod
    def _each_once(cls, publishers: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        times = Counter(endpoint.id for endpoint in publishers)
        if again := [publisher for publisher, count in times.items() if count > 1]:
            raise ValueError(f"takes every id once; repeated: {', '.join(again[:5])}")
        return publishers

    def of(self, publisher: str) -> Endpoint | None:
        """The publisher's endpoint. None if the file does not list it."""
        return next((endpoint for endpoint in self.publishers if endpoint.id == publisher), None)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all publishers to notify."""
        return frozenset(endpoint.id for endpoint in self.publishers)
