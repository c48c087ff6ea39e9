"""What a workflow is started with is exactly one request."""

from typing import ClassVar, Self

from temporalio.exceptions import ApplicationError


class OneRequest:
    """Base of every workflow: with a wrong number of arguments, or none that was decoded, the start fails at once.

    Without it `__init__` would raise a TypeError, and the workflow's first task would be tried for ever.
    """

    takes: ClassVar[tuple[type, ...]]
    """The models of which the one argument is."""

    def __new__(cls, *args: object) -> Self:
        """Before the workflow's own `__init__`. Raises ApplicationError of type `Malformed`."""
        if len(args) != 1 or not isinstance(args[0], cls.takes):
            came = f"{len(args)} arguments" if len(args) != 1 else type(args[0]).__name__
            words = f"a start takes one argument, a mapping of its fields; it got {came}"
            raise ApplicationError(f"Malformed request: {words}", type="Malformed", non_retryable=True)
        return super().__new__(cls)
