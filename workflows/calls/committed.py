"""Waits until an event is in the books: the workflow answers once it is, so nobody has to look again and again."""

import asyncio
from collections.abc import Awaitable, Callable

from activities.random_ids import random_id
from workflows.calls.errors import AlreadyEnded, NeedsAttention, NotAnswered, NotFound, Rejected
from workflows.calls.target import Target
from workflows.durable import options
from workflows.durable.committed import NEEDS_ATTENTION, AwaitCommitted, Committed


async def wait_until_committed(target: Target, seq: int, done: Callable[[], Awaitable[int]]) -> None:
    """Wait until all events up to that seq are in the books and have taken effect.

    `done` looks up to which event they are. Raises NeedsAttention where an effect needs an operator, Rejected where the
    event does not exist (any more), and NotAnswered where it takes longer than COMMIT_TIMEOUT.
    """
    # One id for all tries: a wait whose answer is lost goes on in the workflow, which lets few callers wait.
    wanted, one_id = AwaitCommitted(seq=seq), random_id()
    loop = asyncio.get_running_loop()
    latest = loop.time() + options.COMMIT_TIMEOUT.total_seconds()
    while True:
        try:
            await target.update("committed", wanted, Committed, update_id=one_id)
        except Rejected as error:
            if error.kind != NEEDS_ATTENTION:
                raise
            raise NeedsAttention(f"{target.name} needs attention: {error}") from None
        except (AlreadyEnded, NotFound):
            # The server may have forgotten a wait that the end of the workflow cut off.
            if await done() < seq:
                raise
        except NotAnswered:
            # A worker may be there: then a look is answered.
            if await done() < seq:
                if loop.time() < latest:
                    continue
                words = f"{target.name}: event {seq} is accepted but not in the books yet; look again"
                raise NotAnswered(words) from None
        return
