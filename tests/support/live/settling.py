"""Requests to settle a conflict that no workflow takes, for the tests that attack every update."""

from typing import Any

from domain.conflict import MAX_WHY

SETTLES = {"by": "global_admin", "key": "record:1", "choice": "adopt", "reason": "agreed"}

NOT_TAKEN: list[tuple[str, list[Any], str]] = [
    ("settle_conflict", [{**SETTLES, **changes}], words)
    for changes, words in (
        ({}, "no effect waits with a conflict"),
        ({"by": "helpdesk_agent"}, "Only an operator settles conflicts"),
        ({"by": "service"}, "Only an operator settles conflicts"),
        ({"choice": "retry"}, "choice: got 'retry'; takes one of"),
        ({"reason": ""}, "reason: got ''"),
        ({"reason": " \n\t "}, "takes a reason"),
        ({"reason": "\u0000"}, "NUL"),
        ({"reason": "x" * (MAX_WHY + 1)}, "reason: got 'xxx"),
        ({"key": "k" * 101}, "key: got 'kkk"),
        ({"held": {}}, "takes no such field"),
    )
]
