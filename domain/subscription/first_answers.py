"""What a state keeps of the answers that it gave, so that repeating a command returns the same answer."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Self

from domain.roles import Party
from domain.subscription.commands import Command
from domain.subscription.decision import Answer, Answered
from domain.values import Frozen, Lean, OmitEmpty, fingerprint

ANSWERS_KEPT, ANSWERS_HANDED_ON = 50, 8
"""How many answers a run keeps, and how many of the last ones it hands to the next."""
REPEATED_WITHIN = timedelta(days=1)
"""How long an answer is handed on: its sender may not have got it, and repeats the command."""
DIGESTS_KEPT, DIGESTS_HANDED_ON, DIGEST_LENGTH = 2_000, 400, 6
"""How many ids of commands stay known when their answers are dropped, in a run and for the next one.

The last is the length of each digest, in characters.
"""


def by_system(command: Command) -> bool:
    """Whether the id of the command is one of the system's own."""
    return command.by == Party.SYSTEM


def _digest(command_id: str, *, system: bool) -> str:
    return digest_of_hex(fingerprint([command_id, system]))


def digest_of_hex(text: str) -> str:
    """The first 36 bits of at least 10 hexadecimal digits, in six characters."""
    return urlsafe_b64encode(bytes.fromhex(text[:10] + "00")).decode()[:DIGEST_LENGTH]


class FirstAnswers(Frozen):
    """The last answers to commands with an id (`answered`), and the digests of the ids before them, joined (`used`).

    It `forgets` once there were more ids than have a digest.
    """

    answered: OmitEmpty[tuple[Lean[Answered], ...]] = ()
    used: OmitEmpty[str] = ""
    forgets: OmitEmpty[bool] = False

    def remembering(self, entry: Answered) -> Self:
        """The state with the answer among the last ones; the id of the oldest stays known by its digest."""
        answered = (*self.answered, entry)
        return self._keeping(answered[-ANSWERS_KEPT:], answered[:-ANSWERS_KEPT], DIGESTS_KEPT)

    def with_answers_handed_on(self, committed: int, now: datetime) -> Self:
        """The state for the next run: the last answers of the last day, and those that the books do not have yet.

        `committed` is the number of the last recorded event. The ids of the others stay known by their digests.
        """
        first, since = len(self.answered) - ANSWERS_HANDED_ON, now - REPEATED_WITHIN
        kept, dropped = list[Answered](), list[Answered]()
        for number, entry in enumerate(self.answered):
            stays = entry.waits_for_the_books(committed) or (number >= first and entry.answer.at > since)
            (kept if stays else dropped).append(entry)
        return self._keeping(kept, dropped, DIGESTS_HANDED_ON)

    def _keeping(self, kept: Sequence[Answered], dropped: Sequence[Answered], digests: int) -> Self:
        used = self.used + "".join(_digest(each.command_id, system=each.system) for each in dropped)
        forgets = self.forgets or len(used) > digests * DIGEST_LENGTH
        used = used[-digests * DIGEST_LENGTH :]
        return self.model_copy(update={"answered": tuple(kept), "used": used, "forgets": forgets})

    def answer_to(self, command_id: str) -> Answer | None:
        """The stored answer to that command id, or None; complete once the decision is recorded."""
        return next((a.answer for a in reversed(self.answered) if a.command_id == command_id), None)

    def may_have_forgotten(self, command: Command) -> bool:
        """Whether the command may have been accepted before, although its answer is not kept: the books know."""
        if command.command_id is None or self.entry_of(command):
            return False
        return self.forgets or self.is_used(command)

    def entry_of(self, command: Command) -> Answered | None:
        """The stored answer to a command with this id, from a sender of the same kind."""
        wanted = (command.command_id, by_system(command))
        return next((each for each in reversed(self.answered) if (each.command_id, each.system) == wanted), None)

    def is_used(self, command: Command) -> bool:
        """Whether the command's id is among those whose answers are not kept."""
        digest = _digest(command.command_id or "", system=by_system(command))
        return digest in (self.used[at : at + DIGEST_LENGTH] for at in range(0, len(self.used), DIGEST_LENGTH))
