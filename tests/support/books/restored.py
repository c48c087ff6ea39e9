"""Compares, after each effect of a life, what the SQL books restore with what is lived."""

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.lives import SqlLives
from domain.subscription.decision import Outcome
from statemachines.subscription.life import Life
from tests.support.books.player import Player
from tests.support.books.subscription import InSql
from tests.support.simulated.traced import Trace

NOT_IN_BOOKS = (Outcome.REFUSED, Outcome.UNCHANGED)


def as_booked(life: Life) -> Life:
    """The life without what no books have: refusals, and when what was refused or changed nothing was answered."""
    answered = tuple(entry for entry in life.answered if entry.answer.outcome not in NOT_IN_BOOKS)
    return life.model_copy(update={"answered": answered, "accepted_at": life.subscription.last_at})


def differing(one: Life, other: Life) -> list[str]:
    """The fields that differ, each with both values."""
    pairs = [("", one, other), ("subscription.", one.subscription, other.subscription)]
    return [
        f"{where}{name}: {getattr(this, name)!r} and {value!r}"
        for where, this, that in pairs
        for name, value in that
        if getattr(this, name) != value and name != "subscription"
    ]


class Watched(Player):
    """A life over SQL books that is restored from them after each effect."""

    def __init__(self, database: Database, trace: Trace, subscription_id: str) -> None:
        super().__init__(InSql(database), trace.order.model_copy(update={"subscription_id": subscription_id}))
        self._lives = SqlLives(database)
        self._trace = trace
        self.restored: list[Life] = []

    async def live(self) -> None:
        """Live the whole trace."""
        await self.perform()
        for command, at in self._trace.asked:
            await self.ask(command, at)
        await self.advance(self._trace.until)

    async def perform_first(self) -> None:
        """Perform the first effect, and restore the life as it is then."""
        await super().perform_first()
        restored, wanted = (await self._lives.restored(self.id)).life, as_booked(self.life)
        assert differing(restored, wanted) == []
        assert restored.model_dump_json() == wanted.model_dump_json()
        self.restored.append(restored)
