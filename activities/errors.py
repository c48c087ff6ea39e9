"""What can go wrong in the world. Each message is the one line that a person reads.

Permanent ones will be the same again: the effect waits for a person. Transient ones may pass by themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import activity
from temporalio.exceptions import ApplicationError

from domain.next_step import NextStep, PerennialError

MESSAGE_BYTES = 1024


def one_line(message: str) -> str:
    """The message on one line, of 1 KiB at most: a failure that is too large cannot be reported at all."""
    line = " ".join(message.split()).encode()
    if len(line) <= MESSAGE_BYTES:
        return line.decode()
    return line[: MESSAGE_BYTES - 3].decode(errors="ignore") + "..."


class WorldError(PerennialError):
    """Base of them all."""

    def __init__(self, message: str, next_step: NextStep | None = None) -> None:
        super().__init__(one_line(message), next_step)


class Permanent(WorldError):
    """Trying the same again cannot help."""


class Transient(WorldError):
    """Trying again later may help."""


class BooksConflict(Permanent):
    """What is to be written contradicts what the books hold (MON-2, invariant 8)."""


class OrderConflict(Permanent):
    """The order's id, or a line's subscription id, belongs to another purchase (BUY-3)."""


class TokenRefused(Permanent):
    """A set-up token that is unknown or has expired, or a subscription that needs no set-up (ISV-3, ISV-5)."""


class NotThere(Permanent):
    """The server knows no such subscription."""


class NotTaken(Permanent):
    """The subscription rejected what it was told, as malformed or out of time."""


class ServerUnavailable(Transient):
    """The Temporal server, or a worker behind it, did not answer."""


class NotStartedYet(Transient):
    """The subscription is bought and about to start."""


class TenantRefused(Permanent):
    """The tenant service says no: the tenant's data is deleted, or the request is none that it takes."""


class BooksUnavailable(Transient):
    """The database is locked, full or away."""


class SchemaMismatch(Transient):
    """The database is of another version than this program. Transient, since whoever upgrades it heals it."""


class TenantsUnavailable(Transient):
    """The tenant service is away, or in trouble of its own."""


@contextmanager
def reported() -> Iterator[None]:
    """Raise what goes wrong inside as an ApplicationError of the error's own type name.

    Permanent errors are not tried again. All others are: what nobody foresaw is mended by a deploy, and the
    effect must then go on by itself.
    """
    try:
        yield
    except ApplicationError:
        raise
    except (Permanent, Transient) as error:
        raise ApplicationError(
            str(error), type=type(error).__name__, non_retryable=isinstance(error, Permanent)
        ) from None
    except Exception as error:  # noqa: BLE001 - raised again, bounded
        # Its cause stays here, in the log: a chain of unbounded texts could not be reported.
        activity.logger.exception("An activity failed unexpectedly")
        name = type(error).__name__
        raise ApplicationError(one_line(f"{name}: {error}"), type=name) from None
