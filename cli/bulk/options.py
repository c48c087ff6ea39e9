"""The options of bulk operations: which subscriptions, how fast, and whether to ask."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import BadParameter, Option

from cli.failure import Misused
from cli.options import Actor, By, Reading, one_of, positive_number, some_id, typed_wrong, whole_number
from domain.bulk.requests import LONGEST_BULK_ID, Selection
from domain.faults import shown
from domain.roles import DEFAULT_ACTOR, Party, Role
from domain.subscription.events import State
from workflows.bulk.messages import FASTEST

PER_SECOND, CANARY, LARGEST_CANARY = 50, 5, 200


def a_bulk_id(text: str) -> str:
    """Parse an operation's id: it is part of its commands' ids."""
    if len(some_id(text)) > LONGEST_BULK_ID:
        raise BadParameter(f"got {shown(text)}; takes 1 to {LONGEST_BULK_ID} letters, digits, `_` or `-`.")
    return text


@dataclass(frozen=True)
class Choosing:
    """Which subscriptions: filters, a file, or all that have not ended."""

    customer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this customer.")] = None
    offer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this offer.")] = None
    state: Annotated[
        State | None,
        Option(
            parser=one_of(State),
            metavar="STATE",
            help=f"In this state: {', '.join(state for state in State if not state.ended)}.",
        ),
    ] = None
    publisher: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="Of offers of this publisher in the catalog.")
    ] = None
    partner: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this partner's customers.")] = None
    everything: Annotated[bool, Option("--all", help="All that have not ended.")] = False
    file: Annotated[Path | None, Option(metavar="FILE", help="Those of a CSV file with the column `subscription`.")] = (
        None
    )

    @property
    def selection(self) -> Selection:
        """The filters. Raises Misused if none is given, or a state in which nothing can be done."""
        if self.state is not None and self.state.ended:
            raise typed_wrong("--state", self.state, "a state of subscriptions that have not ended")
        found = Selection(
            customer=self.customer,
            offer=self.offer,
            state=self.state,
            publisher=self.publisher,
            partner=self.partner,
        )
        if found == Selection() and not self.everything:
            filters = "--customer, --offer, --state, --publisher or --partner"
            raise Misused(f"Which subscriptions? Choose them by {filters}, by --file, or take --all.")
        return found

    def check(self) -> None:
        """Raise Misused if a file is given beside filters."""
        filters = (self.customer, self.offer, self.state, self.publisher, self.partner, self.everything or None)
        if self.file is not None and any(value is not None for value in filters):
            raise Misused("--file names the subscriptions: leave out the filters and --all.")
        if self.everything and any(value is not None for value in filters[:-1]):
            raise Misused("--all takes all subscriptions: leave out the other filters, or --all.")


@dataclass(frozen=True)
class Carrying(Reading):
    """How an operation is carried out, and by whom."""

    by: By = DEFAULT_ACTOR
    actor: Actor = None
    id: Annotated[
        str | None,
        Option(
            parser=a_bulk_id,
            metavar="ID",
            help="An id for the operation: started twice, it is done once.",
            show_default="a new one",
        ),
    ] = None
    rate: Annotated[int, Option(parser=positive_number, metavar="N", help="Send at most this many per second.")] = (
        PER_SECOND
    )
    canary: Annotated[
        int,
        Option(parser=whole_number, metavar="N", help="Pause if any of the first N fails; 0 is no canary."),
    ] = CANARY
    dry_run: Annotated[bool, Option("--dry-run", help="Show what it would come to, and change nothing.")] = False
    yes: Annotated[bool, Option("--yes", "-y", help="Do it without asking.")] = False
    no_wait: Annotated[bool, Option("--no-wait", help="Return once it has begun; it goes on by itself.")] = False

    def check(self) -> None:
        """Raise Misused for a rate or a canary out of bounds."""
        if self.rate > FASTEST:
            raise typed_wrong("--rate", self.rate, f"at most {FASTEST}")
        if self.canary > LARGEST_CANARY:
            raise typed_wrong("--canary", self.canary, f"at most {LARGEST_CANARY}")


@dataclass(frozen=True)
class CarryingBySystem(Carrying):
    """The same, with the system as the default for --by."""

    by: By = Party.SYSTEM.value


@dataclass(frozen=True)
class CarryingAsOperator(Carrying):
    """The same, for what operators do."""

    by: By = Role.GLOBAL_ADMIN.value
