"""Telling subscriptions the prices that an import changed, and showing how far that has come (BUY-5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.failure import Failure

if TYPE_CHECKING:
    from activities.prices.contracts import Told
    from workflows.price_changes.messages import PriceProgress


@dataclass(frozen=True)
class Telling:
    """What came of it by now; where nobody waited for it, only which versions are being told."""

    versions: tuple[int, ...]
    told: Told | None = None

    def document(self) -> dict[str, Any]:
        """What `--json` prints of it."""
        return {"versions": self.versions, "waited": self.told is not None} | (
            self.told.model_dump(mode="json") if self.told else {}
        )

    def show(self) -> None:
        """One line."""
        from cli.printing.screen import console, counted

        if self.told is None:
            names = ", ".join(f"price-changes:{version}" for version in self.versions)
            said = f"The subscriptions are being told; the workflow that does it is {names}."
        else:
            told = self.told
            said = f"Told {counted(told.count, 'subscription')}: {told.told} took the new prices"
            said += f", {told.unchanged} knew them, {told.ended} had ended, {told.failures} could not be told."
        console().print(said, soft_wrap=True)

    def failure(self) -> Failure | None:
        """Where some could not be told: who, and what to do."""
        if self.told is None or not self.told.failures:
            return None
        some = ", ".join(self.told.failed)
        return Failure(f"Not told: {some}. See why: starter.py show ID. Then import the same again: it tells them.")


async def untold() -> dict[int, int]:
    """The versions whose prices are still to be told, each with how many subscriptions that concerns.

    Those that concern nobody are noted as told.
    """
    from activities.prices.contracts import AffectedInput
    from cli.books import opened_books

    found: dict[int, int] = {}
    async with opened_books() as books:
        for version in await books.catalog.untold():
            page = await books.prices.affected(AffectedInput(version=version, limit=1))
            if page.total:
                found[version] = page.total
            else:
                await books.prices.note_all_sent(version)
    return found


async def tell_prices(waiting: dict[int, int], address: str | None, *, wait: bool) -> Telling:
    """Have each version told, the oldest first, and wait for it where that is wanted."""
    from activities.prices.contracts import Told
    from activities.settings import Settings
    from cli.printing.progress import Progress
    from cli.server import client
    from workflows.price_changes.client import PriceClient

    prices = PriceClient(await client(address), Settings.load().task_queue)
    for version in waiting:
        await prices.tell(version)
    if not wait:
        return Telling(versions=tuple(waiting))
    told = Told()
    with Progress() as progress:
        for version in waiting:
            key = str(version)
            progress.begin(key, f"telling the prices of version {version}")

            def watch(now: PriceProgress, key: str = key) -> None:
                progress.note(key, f"{now.done:,} of {now.total:,} subscriptions")

            told += (await prices.settled(version, watch)).told
            progress.end(key)
    return Telling(versions=tuple(waiting), told=told)
