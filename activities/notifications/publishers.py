"""The publishers that this process can notify: as the catalog lists them, with the secrets that the operator gave."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from activities.errors import WorldError
from activities.settings import PREFIX
from domain.catalog.publishers import SECRET_PREFIX, Delivery, ListedPublisher
from domain.values import Strict

SECRETS_VARIABLE = f"{PREFIX}SECRETS_FILE"
_SECRET_BYTES = range(24, 65)


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


Secret = Annotated[SecretStr, AfterValidator(_signing_key)]


class Endpoint(Delivery):
    """A publisher with its secrets. Every message is signed with each, so that one can be replaced without a gap."""

    secrets: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=5, strict=False)]


class Publishers(Strict):
    """The active publishers whose secrets this process has."""

    model_config = ConfigDict(hide_input_in_errors=True)

    publishers: Annotated[tuple[Endpoint, ...], Field(strict=False)] = ()


class SecretsMissing(WorldError):
    """This process lacks a publisher's secrets. The message names them, and says where they belong."""

    def __init__(self, publisher: str, names: Iterable[str], file: Path | None) -> None:
        missing = ", ".join(names)
        cause = (
            f"{missing} missing in {file} ({SECRETS_VARIABLE}). Add what is missing: the file is read again"
            if file
            else f"{missing} missing, and {SECRETS_VARIABLE} is not set. Name a file with the secrets there, and start "
            "the worker again"
        )
        super().__init__(
            f"Publisher {publisher} is not notified from here: {cause}. "
            "Until then its notifications wait for a worker that has the secrets."
        )


@dataclass(frozen=True)
class Secrets:
    """The secrets that this process was given, by name. They are never shown and never stored.

    `file` is the one that they were read from.
    """

    values: Mapping[str, SecretStr] = field(default_factory=dict)
    file: Path | None = field(default=None, compare=False)

    def missing(self, publisher: ListedPublisher) -> list[str]:
        """The names of the publisher's secrets that this process lacks."""
        return [name for name in publisher.secrets if name not in self.values]

    def endpoint(self, publisher: ListedPublisher) -> Endpoint:
        """The publisher with its secrets. Raises SecretsMissing."""
        if missing := self.missing(publisher):
            raise SecretsMissing(publisher.id, missing, self.file)
        plain = {name: getattr(publisher, name) for name in Delivery.model_fields}
        return Endpoint(**plain, secrets=tuple(self.values[name] for name in publisher.secrets))

    def publishers(self, listed: Iterable[ListedPublisher]) -> Publishers:
        """The active ones among the publishers whose secrets are all here."""
        usable = (publisher for publisher in listed if publisher.active and not self.missing(publisher))
        return Publishers(publishers=tuple(map(self.endpoint, usable)))
