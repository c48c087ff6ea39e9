"""Random ids: the one place that asks the computer for chance. Never called in a workflow, which has to be replayed."""

from uuid import uuid4

DIGITS = 32


def random_id(digits: int = DIGITS) -> str:
    """So many random hexadecimal digits, at most 32. What is sent again keeps the id that it had."""
    return uuid4().hex[:digits]
