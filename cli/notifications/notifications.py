"""`notifications list`, `retry` and `skip`: what publishers are told, and what is done where they cannot be (ISV-3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Argument, BadParameter, Option

from cli.notifications.operating import Operating, built, say
from cli.options import SubscriptionId, one_of, positive_number, some_id, with_options
from domain.faults import shown
from domain.notification import NotificationStatus

if TYPE_CHECKING:
    from activities.notifications.contracts import ListedNotification, Mark
    from perennial.sources.books import Books
    from workflows.notifications.messages import RetryNotification

OPEN = (NotificationStatus.WAITING, NotificationStatus.UNDELIVERABLE)
PAGE = 500
_MARK = re.compile(r"([A-Za-z0-9_-]{1,64}):([0-9]{1,9})")

Publisher = Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this publisher, the offers' vendor.")]


def _mark(text: str) -> str:
    if not _MARK.fullmatch(text):
        raise BadParameter(f"got {shown(text)}; takes the mark that the last page ended with, such as order-1-1:4.")
    return text


@dataclass(frozen=True)
class Filters:
    """Which notifications are looked at."""

    subscription: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this subscription.")] = None
    publisher: Publisher = None
    standing: Annotated[
        NotificationStatus | None,
        Option(parser=one_of(NotificationStatus), metavar="WORD", help=f"Only those {', '.join(NotificationStatus)}."),
    ] = None
    every: Annotated[bool, Option("--all", help="Those too that are done with.")] = False

    @property
    def standings(self) -> tuple[NotificationStatus, ...]:
        """Those that are not done with, where nothing else is said."""
        if self.standing is not None:
            return (self.standing,)
        return tuple(NotificationStatus) if self.every else OPEN


@with_options
def list_notifications(
    filters: Filters,
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most so many.")] = 50,
    after: Annotated[str | None, Option(parser=_mark, metavar="MARK", help="Go on there.", show_default=False)] = None,
    as_json: Annotated[bool, Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """List what publishers have not been told yet, and why.

    Those of one subscription are told in their order: one that is undeliverable holds up those behind it, until it is
    told again (`retry`) or given up (`skip`).
    """
    from cli.books import opened_books
    from cli.printing.screen import console, print_json
    from cli.running import run

    async def look() -> list[ListedNotification]:
        async with opened_books() as books:
            return await _page(books, filters, limit, after)

    found = run(look())
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
    elif found:
        _print(found)
        _say_who_is_not_told(found)
    elif after is None:
        words = "No such notification." if filters.standing or filters.every else "Every publisher has been told all."
        console().print(f"{words} All there are: starter.py notifications list --all", soft_wrap=True)
    if len(found) == limit:
        last = found[-1]
        console(stderr=True).print(f"There may be more: --after {last.subscription_id}:{last.seq}", soft_wrap=True)


async def _page(books: Books, filters: Filters, limit: int, after: str | None) -> list[ListedNotification]:
    """So many, however many that is: the books are asked for a page at a time."""
    found: list[ListedNotification] = []
    mark = _read(after) if after else None
    while len(found) < limit:
        size = min(limit - len(found), PAGE)
        page = await books.notifications.page(
            filters.subscription, filters.publisher, filters.standings, limit=size, after=mark
        )
        found += page
        if len(page) < size:
            break
        mark = _read(f"{page[-1].subscription_id}:{page[-1].seq}")
    return found


def _read(text: str) -> Mark:
    from activities.notifications.contracts import Mark

    subscription_id, _, seq = text.partition(":")
    return Mark(subscription_id, int(seq))


def _print(found: list[ListedNotification]) -> None:
    from cli.printing.screen import console, printable, second
    from cli.printing.tables import print_columns

    screen = console()
    headings = ("ID", "PUBLISHER", "SEQ", "EVENT", "AT (UTC)", "", "TRIES", "AGAIN AT (UTC)")
    rows = [
        (
            *(each.subscription_id, each.publisher, str(each.seq), each.event, second(each.at) or "-"),
            *(each.standing.value, str(each.tries), second(each.next_try_at) or "-"),
        )
        for each in found
    ]
    print_columns(screen, headings, rows, right=("SEQ", "TRIES"))
    for each in found:
        if each.problem:
            screen.print(f"{each.subscription_id}, event {each.seq}: {printable(each.problem)}", soft_wrap=True)


def _say_who_is_not_told(found: list[ListedNotification]) -> None:
    """Of what waits untried: whether this machine's file names its publisher at all."""
    from activities.settings import Settings, SettingsFault
    from cli.failure import Misused
    from cli.printing.screen import console
    from hosting.files.publishers import load_publishers

    waiting = {each.publisher for each in found if each.standing is NotificationStatus.WAITING and not each.tries}
    try:
        settings = Settings.load()
        known = load_publishers(settings.publishers_file).ids
    except SettingsFault as fault:
        raise Misused(*str(fault).splitlines()) from None
    for publisher in sorted(waiting - known):
        why = "the file does not name it" if settings.publishers_file else "PERENNIAL_PUBLISHERS_FILE is not set here"
        console().print(f"{publisher}: {why}.", soft_wrap=True)


@with_options
def retry(
    operating: Operating,
    subscription: Annotated[
        str | None, Argument(metavar="[ID]", parser=some_id, help="The subscription, as `list` shows it.")
    ] = None,
    publisher: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="All that stand still for this publisher.")
    ] = None,
) -> None:
    """Tell again what was undeliverable, once its cause is mended.

    With a subscription: its stream. With --publisher alone: every stream that stands still for it.
    """
    from cli.failure import Misused
    from cli.printing.screen import console
    from cli.running import run
    from workflows.notifications.messages import RetryNotification

    if subscription is None and publisher is None:
        raise Misused("Name a subscription, or a publisher by --publisher. See: starter.py notifications list")
    if subscription is not None:
        request = built(RetryNotification, operating, publisher=publisher)
        say({subscription: run(_retry(subscription, request, operating.address))}, as_json=operating.as_json)
    elif publisher is not None:
        said = run(_retry_all(publisher, built(RetryNotification, operating), operating.address))
        if not (said or operating.as_json):
            console().print(f"Nothing stands still for {publisher}.", soft_wrap=True)
        say(said, as_json=operating.as_json)


@with_options
def skip(
    subscription: SubscriptionId,
    sequence: Annotated[int, Argument(metavar="SEQ", parser=positive_number, help="The event's number, as listed.")],
    operating: Operating,
) -> None:
    """Give up an undeliverable event, and tell the next one."""
    from cli import server
    from cli.running import run
    from workflows.notifications.messages import SkipNotification

    request = built(SkipNotification, operating, sequence=sequence)

    async def send() -> str:
        return await server.notifications(await server.client(operating.address)).skip(subscription, request)

    say({subscription: run(send())}, as_json=operating.as_json)


async def _retry(subscription: str, request: RetryNotification, address: str | None) -> str:
    from activities.notifications.contracts import HandOver
    from cli import server
    from workflows.calls.errors import AlreadyEnded, NotFound

    notifications = server.notifications(await server.client(address))
    try:
        return await notifications.retry(subscription, request)
    except (AlreadyEnded, NotFound):
        if request.publisher is None or (last := await _last_of_ended(subscription)) is None:
            raise
        await notifications.deliver(
            HandOver(subscription_id=subscription, publisher=request.publisher, told=0, last=last)
        )
        return f"It has ended: telling {request.publisher} what it has not been told, up to event {last}."


async def _last_of_ended(subscription: str) -> int | None:
    """An ended life's last event, whose publisher the file may not have named while it lived."""
    from cli.books import opened_books

    async with opened_books() as books:
        listed = await books.subscriptions.listed(subscription)
    return listed.last_seq if listed is not None and listed.state.ended else None


async def _retry_all(publisher: str, request: RetryNotification, address: str | None) -> dict[str, str]:
    """What each answered; one that does not take it, having been told meanwhile, stops none of the others."""
    from cli import server
    from cli.books import opened_books
    from cli.printing.progress import Progress
    from workflows.calls.errors import CallError

    async with opened_books() as books:
        halted = await books.notifications.halted(publisher)
    notifications = server.notifications(await server.client(address))
    said = {}
    with Progress() as progress:
        progress.begin(publisher, f"telling {publisher} again")
        for number, subscription in enumerate(halted, start=1):
            try:
                said[subscription] = await notifications.retry(subscription, request)
            except CallError as error:
                said[subscription] = str(error)
            progress.note(publisher, f"{number} of {len(halted)}")
        progress.end(publisher)
    return said
