"""Who sent a request: it must be signed with one of the publisher's secrets, and recent."""

import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from standardwebhooks import Webhook

from activities.notifications.publishers import Endpoint, Publishers
from domain.faults import shown
from hosting.gateway.refusals import BadSignature, Malformed, Stale, Unsigned
from perennial.subscription.publishers import Sender

TOLERANCE = timedelta(minutes=5)
"""How far a request's time may differ from this server's."""
KEPT = 2 * TOLERANCE + timedelta(minutes=1)
"""How long a request id is remembered: as long as the request can be recent, and a minute more."""
MAX_SIGNATURES = 20

PUBLISHER, REQUEST_ID = "perennial-publisher", "webhook-id"
TIMESTAMP, SIGNATURE = "webhook-timestamp", "webhook-signature"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_:.-]{1,200}")
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,10}")


@dataclass(frozen=True)
class Envelope:
    """The headers of a signed request."""

    publisher: str
    request_id: str
    timestamp: int
    signatures: tuple[str, ...]

    @classmethod
    def of(cls, headers: Callable[[str], Sequence[str]]) -> Self:
        """Read the headers, each of which must occur once. Raises Unsigned or Malformed."""
        request_id, timestamp = _once(headers, REQUEST_ID), _once(headers, TIMESTAMP)
        publisher, signature = _once(headers, PUBLISHER), _once(headers, SIGNATURE)
        if not _REQUEST_ID.fullmatch(request_id):
            takes = "1 to 200 letters, digits, `_`, `:`, `.` or `-`"
            raise Malformed(f"{REQUEST_ID}: got {shown(request_id)}; takes {takes}")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise Malformed(f"{TIMESTAMP}: got {shown(timestamp)}; takes whole seconds since 1970-01-01T00:00:00Z")
        return cls(publisher, request_id, int(timestamp), tuple(signature.split(" ")))


class Authentication:
    """Knows every publisher's secrets."""

    def __init__(self, publishers: Callable[[], Publishers]) -> None:
        """`publishers` are those whose requests are accepted now; the same object as long as nothing changes."""
        self._publishers = publishers
        self._prepare(publishers())

    def _prepare(self, publishers: Publishers) -> None:
        self._prepared = publishers
        known = {endpoint.id: _signers(endpoint) for endpoint in publishers.publishers}
        # Unknown keys make every refusal take equally long, also for an unknown publisher.
        self._strangers = tuple(
            Webhook(secrets.token_bytes(32)) for _ in range(max(map(len, known.values()), default=1))
        )
        self._signers = {publisher: keys + self._strangers[len(keys) :] for publisher, keys in known.items()}

    def sender(self, envelope: Envelope, body: bytes, now: datetime) -> Sender:
        """The sender that signed this body. Raises BadSignature; Stale for a valid signature of another time.

        The library's own `verify` is not used: it reads the clock and the body before it compares, and fails on a
        malformed list of signatures.
        """
        if (publishers := self._publishers()) is not self._prepared:
            self._prepare(publishers)
        signers = self._signers.get(envelope.publisher, self._strangers)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            # Only text can be signed.
            raise BadSignature from None
        at = datetime.fromtimestamp(envelope.timestamp, UTC)
        expected = [signer.sign(envelope.request_id, at, text).encode() for signer in signers]
        given = [signature.encode(errors="replace") for signature in envelope.signatures[:MAX_SIGNATURES]]
        # Every pair is compared, so that the time it takes gives nothing away.
        matches = [hmac.compare_digest(mine, theirs) for mine in expected for theirs in given]
        if envelope.publisher not in self._signers or not any(matches):
            raise BadSignature
        if abs(now - at) > TOLERANCE:
            minutes = TOLERANCE // timedelta(minutes=1)
            raise Stale(
                f"{TIMESTAMP}: got {envelope.timestamp}; takes a time within {minutes} minutes of this server's, "
                f"{int(now.timestamp())}. Correct your clock and sign the request again."
            )
        return Sender(envelope.publisher, envelope.request_id)


def _once(headers: Callable[[str], Sequence[str]], name: str) -> str:
    found = headers(name)
    if not found or not found[0]:
        raise Unsigned(f"{name}: got nothing; a request carries {PUBLISHER}, {REQUEST_ID}, {TIMESTAMP}, {SIGNATURE}.")
    if len(found) > 1:
        raise Malformed(f"{name}: got {len(found)} values; takes one.")
    return found[0]


def _signers(endpoint: Endpoint) -> tuple[Webhook, ...]:
    return tuple(Webhook(secret.get_secret_value()) for secret in endpoint.secrets)
