"""How an activity's error reaches Temporal: one bounded line, and whether trying again can help."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import Permanent, Transient, one_line


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
