"""The errors of activities and adapters. Each message is one line for a person.

After a permanent error the effect waits for an operator. After a transient error it is retried.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import activity
from temporalio.exceptions import ApplicationError

from domain.conflict import Held
from domain.next_step import NextStep, PerennialError

MESSAGE_BYTES = 1024


def one_line(message: str) -> str:
    """The message on one line, cut to 1 KiB: Temporal cannot report a failure that is too large."""
    line = " ".join(message.split()).encode()
    if len(line) <= MESSAGE_BYTES:
        return line.decode()
    return line[: MESSAGE_BYTES - 3].decode(errors="ignore") + "..."


class WorldError(PerennialError):
    """Base class of all errors here."""

    def __init__(self, message: str, next_step: NextStep | None = None) -> None:
        super().__init__(one_line(message), next_step)


class Permanent(WorldError):
    """Retrying cannot help."""


class Transient(WorldError):
    """Retrying later may help."""


class BooksConflict(Permanent):
    """The record contradicts what the database already holds (MON-2, invariant 8): `held`, where that is one thing."""

    def __init__(self, message: str, held: Held | None = None) -> None:
        super().__init__(message)
        self.held = held


class DatedAhead(Permanent):
    """The record is dated after the clock of the worker and of the database (invariant 16)."""


class OrderConflict(Permanent):
    """Another purchase already uses the order id, or a line's subscription id (BUY-3)."""


class TokenRefused(Permanent):
    """The set-up token is unknown or expired, or the subscription needs no set-up (ISV-3, ISV-5)."""


class NotThere(Permanent):
    """The Temporal server does not know the subscription."""


class NotTaken(Permanent):
    """The subscription rejected the command: it is malformed, or its instant is not allowed."""


class ClocksRefused(Permanent):
    """The Temporal server cannot skip time, or its namespace is not marked for tests."""


class ServerUnavailable(Transient):
    """The Temporal server or a worker did not answer."""


class RowsToCome(Permanent):
    """A subscription owes the books what was due before the instant. The account asks again a little later."""


class NotStartedYet(Transient):
    """The subscription is bought but has not started yet."""


class TenantRefused(Permanent):
    """The tenant service refuses: the tenant's data is deleted, or it does not accept this request."""


class BooksUnavailable(Transient):
    """The database is locked, full or unreachable."""


class SchemaMismatch(Transient):
    """The database has the schema of another version. Transient, because an upgrade repairs it."""


class TenantsUnavailable(Transient):
    """The tenant service is unreachable or fails."""


@contextmanager
def reported() -> Iterator[None]:
    """Turn every error inside into an ApplicationError whose type is the error's class name.

    Permanent errors are not retried. All others are, unexpected ones too: after a deploy fixes them, the effect goes
    on without an operator.
    """
    try:
        yield
    except ApplicationError:
        raise
    except (Permanent, Transient) as error:
        held = error.held if isinstance(error, BooksConflict) else None
        details = [held.model_dump(mode="json")] if held else []
        raise ApplicationError(
            str(error), *details, type=type(error).__name__, non_retryable=isinstance(error, Permanent)
        ) from None
    except Exception as error:  # noqa: BLE001 - raised again, with a bounded message
        # The log gets the chain of causes; its text is unbounded, so Temporal could not report it.
        activity.logger.exception("An activity failed unexpectedly")
        name = type(error).__name__
        raise ApplicationError(one_line(f"{name}: {error}"), type=name) from None
