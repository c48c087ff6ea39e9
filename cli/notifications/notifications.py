"""`notifications list`, `retry` and `skip`: what publishers have not taken yet, and what to do about it (ISV-3)."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import ValidationError
from typer import Argument, BadParameter, Option

from activities.notifications.contracts import ListedNotification, Mark
from activities.notifications.publishers import SECRETS_VARIABLE, Secrets
from activities.settings import Settings, SettingsFault
from cli.failure import Misused
from cli.options import Json, Reading, SubscriptionId, Timeout, misused, one_of, positive_number, some_id, with_options
from cli.printing.progress import Progress
from cli.printing.screen import console, print_json, printable, say, second, zone
from cli.printing.tables import print_columns
from cli.running import use
from cli.sent import Sent
from cli.start import program
from domain.faults import faults_of, shown
from domain.notification import NotificationStatus
from hosting.files.secrets import load_secrets
from perennial.notifications.notifications import NOT_DONE, NotificationFilters
from perennial.use_cases import Perennial
from workflows.durable.operator import Operator
from workflows.notifications.messages import RetryNotification, SkipNotification

R = TypeVar("R", bound=Operator)
T = TypeVar("T")
_MARK = re.compile(r"([A-Za-z0-9_-]{1,64}):([0-9]{1,9})")


def _mark(text: str) -> Mark:
    found = _MARK.fullmatch(text)
    if not found:
        raise BadParameter(f"got {shown(text)}; takes the mark that the last page ended with, such as order-1-1:4.")
    return Mark(found[1], int(found[2]))


@dataclass(frozen=True)
class FilterOptions:
    """The filters of `notifications list`."""

    subscription: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="Only those of this subscription.")
    ] = None
    publisher: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Only those to this publisher.")] = None
    standing: Annotated[
        NotificationStatus | None,
        Option(parser=one_of(NotificationStatus), metavar="WORD", help=f"Only those {', '.join(NotificationStatus)}."),
    ] = None
    every: Annotated[bool, Option("--all", help="Also those that are done.")] = False

    @property
    def filters(self) -> NotificationFilters:
        """The filters; those that are not done if no status was given."""
        statuses = tuple(NotificationStatus) if self.every else NOT_DONE
        return NotificationFilters(self.subscription, self.publisher, (self.standing,) if self.standing else statuses)


@dataclass(frozen=True)
class OperatorOptions(Reading):
    """The options that the commands of an operator share."""

    by: Annotated[str, Option("--by", parser=some_id, metavar="NAME", help="Who asks, for the record.")] = "operator"
    note: Annotated[str, Option(metavar="TEXT", help="Why, for the record.", show_default=False)] = ""
    timeout: Timeout = None

    def request(self, kind: type[R], **fields: object) -> R:
        """Return the request as it was typed. Raises Misused."""
        try:
            return kind.model_validate({"by": self.by, "note": self.note, **fields})
        except ValidationError as error:
            raise misused(faults_of(error)) from None

    def answer(self, whose: str, send: Callable[[Perennial], Awaitable[T]]) -> T:
        """What a subscription answers, or those of a publisher. Raises as `use`."""
        sent = Sent(f"to {whose}", timeout=self.timeout)

        async def answered(perennial: Perennial) -> T:
            return await sent.answered(lambda: send(perennial))

        return use(answered, self.address)


@with_options
def list_notifications(
    options: FilterOptions,
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most this many.")] = 50,
    after: Annotated[
        Mark | None, Option(parser=_mark, metavar="MARK", help="Continue there.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List the notifications that publishers have not taken yet, and why.

    Those of one subscription are delivered in order. An undeliverable one blocks the later ones until it is sent
    again (`retry`) or given up (`skip`).

    Example: notifications list --subscription crm-1
    """
    found = use(lambda perennial: perennial.notifications.list(options.filters, limit=limit, after=after))
    reasons = _unnotified(found)
    if as_json:
        print_json([{**each.model_dump(mode="json"), "not_notified": _reason(each, reasons)} for each in found])
    elif found:
        _print(found)
        for words in reasons.values():
            say(words)
    elif after is None:
        words = "No notification matches." if options.standing or options.every else "All notifications are delivered."
        say(f"{words} See all: {program()} notifications list --all")
    if len(found) == limit:
        say(f"There may be more: --after {found[-1].subscription_id}:{found[-1].seq}", stderr=True)


@with_options
def retry(
    options: OperatorOptions,
    subscription: Annotated[
        str | None, Argument(metavar="[ID]", parser=some_id, help="The subscription, as `list` shows it.")
    ] = None,
    publisher: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="All that are blocked for this publisher.")
    ] = None,
) -> None:
    """Send undeliverable notifications again, once the cause is fixed.

    With a subscription: its own. With --publisher alone: those of every subscription that is blocked for it.

    Example: notifications retry crm-1
    """
    if subscription is not None:
        request = options.request(RetryNotification, publisher=publisher)
        answer = options.answer(subscription, lambda known: known.notifications.retry(subscription, request))
        _print_answers({subscription: answer}, as_json=options.as_json)
    elif publisher is not None:
        request = options.request(RetryNotification)
        answers = options.answer(publisher, lambda known: _retry_all(known, publisher, request))
        if not (answers or options.as_json):
            say(f"Nothing is blocked for {publisher}.")
        _print_answers(answers, as_json=options.as_json)
    else:
        raise Misused(f"Name a subscription, or a publisher with --publisher. See: {program()} notifications list")


@with_options
def skip(
    subscription: SubscriptionId,
    sequence: Annotated[int, Argument(metavar="SEQ", parser=positive_number, help="The event's number, as listed.")],
    options: OperatorOptions,
) -> None:
    """Give up an undeliverable notification, and continue with the next one.

    Example: notifications skip crm-1 7 --note closed
    """
    request = options.request(SkipNotification, sequence=sequence)
    answer = options.answer(subscription, lambda known: known.notifications.skip(subscription, request))
    _print_answers({subscription: answer}, as_json=options.as_json)


async def _retry_all(perennial: Perennial, publisher: str, request: RetryNotification) -> dict[str, str]:
    with Progress() as progress:
        progress.begin(publisher, f"notifications to {publisher}")
        answers = await perennial.notifications.retry_all(
            publisher, request, lambda done, total: progress.note(publisher, f"{done} of {total}")
        )
        progress.end(publisher)
    return answers


def _print(found: list[ListedNotification]) -> None:
    headings = ("ID", "PUBLISHER", "SEQ", "EVENT", f"AT ({zone()})", "", "TRIES", f"AGAIN AT ({zone()})")
    rows = [
        (
            *(each.subscription_id, each.publisher, str(each.seq), each.event, second(each.at) or "-"),
            *(each.standing.value, str(each.tries), second(each.next_try_at) or "-"),
        )
        for each in found
    ]
    print_columns(console(), headings, rows, right=("SEQ", "TRIES"))
    for each in found:
        if each.problem:
            say(f"{each.subscription_id}, event {each.seq}: {printable(each.problem)}")


def _reason(each: ListedNotification, reasons: Mapping[str, str]) -> str | None:
    return reasons.get(each.publisher) if each.standing is NotificationStatus.WAITING else None


def _unnotified(found: list[ListedNotification]) -> dict[str, str]:
    """Why publishers of waiting notifications may not be notified: by the books, and by the secrets here."""
    try:
        secrets = load_secrets(Settings.load().secrets_file)
    except SettingsFault as fault:
        raise Misused(*str(fault).splitlines()) from None
    waiting = [each for each in found if each.standing is NotificationStatus.WAITING]
    if not waiting:
        return {}
    known = use(lambda perennial: perennial.notifications.publishers())
    # Where there were tries, some worker has the secrets.
    tried = {each.publisher for each in waiting if each.tries}
    reasons = {}
    for publisher in sorted({each.publisher for each in waiting}):
        listed = known.get(publisher)
        if listed is None or not listed.active:
            reasons[publisher] = _to_import(publisher, listed=listed is not None)
        elif publisher not in tried and (missing := secrets.missing(listed)):
            reasons[publisher] = _lacking(publisher, missing, secrets)
    return reasons


def _to_import(publisher: str, *, listed: bool) -> str:
    lacks, how = ("active", " with `active: true`") if listed else ("imported", "")
    wait = f"Publisher {publisher} is not {lacks}: its notifications wait"
    return f"{wait}. Import it{how}: {program()} catalog import FILE"


def _lacking(publisher: str, missing: list[str], secrets: Secrets) -> str:
    where = f"in {secrets.file} ({SECRETS_VARIABLE})" if secrets.file else f"here, {SECRETS_VARIABLE} is not set"
    return f"{publisher}: {', '.join(missing)} missing {where}; only workers that have it notify {publisher}."


def _print_answers(answers: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json([{"subscription_id": subscription, "message": words} for subscription, words in answers.items()])
        return
    for subscription, words in answers.items():
        say(f"{subscription}: {printable(words)}")
