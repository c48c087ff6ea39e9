"""`access`: who can sign in now, and when users could."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.options import Json, SubscriptionId

if TYPE_CHECKING:
    from cli.tenant_service import Visits
    from statemachines.book import AccessInterval


def access(subscription: SubscriptionId, as_json: Json = False) -> None:
    """Show who can sign in now, and when users could (SUS-2).

    The tenant service itself is asked whether it lets a user in, and an admin read the data.
    """
    from cli.columns import print_columns
    from cli.printable import printable, second
    from cli.running import run
    from cli.screen import console, print_json
    from statemachines.document import access_document

    intervals, visits = run(_ask(subscription))
    if as_json:
        answers = {"user": visits.user.model_dump(mode="json"), "admin": visits.admin.model_dump(mode="json")}
        print_json({"subscription_id": subscription, "now": answers, "access": access_document(intervals)})
        return
    screen = console()
    asked = [("user, signing in", visits.user), ("admin, reading the data", visits.admin)]
    print_columns(screen, ("NOW", "ANSWER", ""), [(who, v.door, printable(v.words)) for who, v in asked])
    screen.print()
    spans = [(second(interval.start), second(interval.end) or "still open") for interval in intervals]
    print_columns(screen, ("USERS FROM (UTC)", "TO"), spans or [("never", "")])


async def _ask(subscription: str) -> tuple[list[AccessInterval], Visits]:
    from activities.settings import Settings
    from cli.books import opened_books
    from cli.tenant_service import visits

    async with opened_books() as books:
        await books.known(subscription)
        intervals = await books.reader.access(subscription)
    return intervals, await visits(Settings.load(), subscription)
