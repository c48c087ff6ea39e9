"""What a state keeps of the answers that it gave, so that repeating a command returns the same answer."""

from typing import Self

from domain.roles import Party
from domain.subscription.commands import Command
from domain.subscription.decision import Answer, Answered
from domain.values import Frozen, Lean, fingerprint

ANSWERS_KEPT = 50
DIGESTS_KEPT, DIGEST_LENGTH = 2_000, 10
"""How many ids of commands stay known when their answers are dropped, and the length of each digest, in characters."""


def by_system(command: Command) -> bool:
    """Whether the id of the command is one of the system's own."""
    return command.by == Party.SYSTEM


def _digest(command_id: str, *, system: bool) -> str:
    return fingerprint([command_id, system])[:DIGEST_LENGTH]


class FirstAnswers(Frozen):
    """The last answers to commands with an id (`answered`), and the digests of the ids before them, joined (`used`)."""

    answered: tuple[Lean[Answered], ...] = ()
    used: str = ""

    def remembering(self, entry: Answered) -> Self:
        """The state with the answer among the last ones; the id of the oldest stays known by its digest."""
        answered = (*self.answered, entry)
        dropped = "".join(_digest(each.command_id, system=each.system) for each in answered[:-ANSWERS_KEPT])
        used = (self.used + dropped)[-DIGESTS_KEPT * DIGEST_LENGTH :]
        return self.model_copy(update={"answered": answered[-ANSWERS_KEPT:], "used": used})

    def answer_to(self, command_id: str) -> Answer | None:
        """The stored answer to that command id, or None; complete once the decision is recorded."""
        return next((a.answer for a in reversed(self.answered) if a.command_id == command_id), None)

    def may_have_forgotten(self, command: Command) -> bool:
        """Whether the command may have been accepted before, although its answer is not kept: the books know."""
        if command.command_id is None or self.entry_of(command):
            return False
        return len(self.used) >= DIGESTS_KEPT * DIGEST_LENGTH or self.is_used(command)

    def entry_of(self, command: Command) -> Answered | None:
        """The stored answer to a command with this id, from a sender of the same kind."""
        wanted = (command.command_id, by_system(command))
        return next((each for each in reversed(self.answered) if (each.command_id, each.system) == wanted), None)

    def is_used(self, command: Command) -> bool:
        """Whether the command's id is among those whose answers are not kept."""
        digest = _digest(command.command_id or "", system=by_system(command))
        return digest in (self.used[at : at + DIGEST_LENGTH] for at in range(0, len(self.used), DIGEST_LENGTH))
