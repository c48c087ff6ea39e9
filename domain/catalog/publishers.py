"""The publishers to notify: addresses, limits and the names of their secrets. The secrets themselves stay outside."""

import re
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer, PlainValidator, ValidationInfo, field_validator

from domain.notification import DeliveryTerms
from domain.values import Id, Strict

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of every secret, not a secret
# Without user, password, fragment or zone id.
_URL = re.compile(
    r"https?://(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_-][A-Za-z0-9_.-]{0,252})(:(?P<port>[0-9]{1,5}))?([/?][!-\"$-~]{0,500})?"
)


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value))
    except ValueError:
        raise ValueError("takes a network such as 127.0.0.0/8") from None


def _a_name(name: str) -> str:
    if name.startswith(SECRET_PREFIX):
        raise ValueError("takes the name of a secret; the secret itself belongs in the secrets file")
    return name


Network = Annotated[
    IPv4Network | IPv6Network, PlainValidator(_network), PlainSerializer(str, return_type=str, when_used="json")
]
SecretName = Annotated[Id, AfterValidator(_a_name)]


class Dialect(StrEnum):
    """The format of a publisher's messages: Perennial's own, or that of Microsoft's SaaS fulfillment v2 webhook."""

    PERENNIAL = "perennial"
    MICROSOFT = "microsoft"


class Delivery(Strict):
    """Where and how one publisher is notified. `id` is the `vendor` of its offers in the catalog.

    Only https and public addresses are used, unless `allow_http` or `allow_networks` permit others.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    id: Id
    # Declared before `url`, whose check reads it.
    allow_http: bool = False
    # The query may hold a key.
    url: Annotated[str, Field(repr=False)]
    dialect: Annotated[Dialect, Field(strict=False)] = Dialect.PERENNIAL
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


class ListedPublisher(Delivery):
    """A publisher as the catalog lists it. Every message is signed with each of the secrets that `secrets` names.

    One that is not `active` is not notified, and its requests are refused. What it has not got waits until it is.
    """

    secrets: Annotated[tuple[SecretName, ...], Field(min_length=1, max_length=5, strict=False)]
    active: bool = True
