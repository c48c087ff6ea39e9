"""Text that counts how often it is compared: what a reader does with it can be measured without a clock."""

from typing import ClassVar


class Counted(str):
    """A text that behaves like any other. `comparisons` counts those of all of them."""

    __slots__ = ()
    comparisons: ClassVar[int] = 0

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__
