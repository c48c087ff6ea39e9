"""A test clock: lets a subscription live at another time than now."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from domain.values import Strict


class TestClock(Strict):
    """Lets a subscription live at another time than now, and lets a command say when it is accepted."""

    __test__ = False

    offset_seconds: Annotated[int, Field(ge=-(10**10), le=10**10)] = 0
    offset_microseconds: Annotated[int, Field(ge=0, lt=1_000_000)] = 0

    @property
    def offset(self) -> timedelta:
        """How far the subscription's clock is ahead of the workflow's."""
        return timedelta(seconds=self.offset_seconds, microseconds=self.offset_microseconds)

    @classmethod
    def ahead_by(cls, offset: timedelta) -> "TestClock":
        """A clock that is so far ahead; behind where negative."""
        whole, micros = divmod(offset // timedelta(microseconds=1), 1_000_000)
        return cls(offset_seconds=whole, offset_microseconds=micros)
