"""The books that the settings name, opened for one command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.settings import Settings
from cli.failure import Failure
from cli.rule_words import refused_by
from domain.ordering.eligibility import Refusal
from perennial.sources.books import Books


def refused(refusal: Refusal) -> Failure:
    """The failure that shows a refusal by a rule."""
    return Failure(refused_by(refusal.rule, str(refusal)))


@asynccontextmanager
async def opened_books() -> AsyncIterator[Books]:
    """The database that the settings name. It is checked, and neither made nor upgraded here."""
    from hosting.sql_books import opened_books as opened

    async with opened(Settings.load()) as books:
        yield books
