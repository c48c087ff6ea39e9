"""A simulated life for tests: ordered as data, commanded by name, read back as short text."""

import json
from collections.abc import Mapping
from datetime import datetime

from pydantic import TypeAdapter

from domain.ordering.terms import Order
from domain.subscription.commands import AnyCommand
from domain.subscription.decision import Answer
from domain.subscription.subscription import Subscription
from domain.values import format_instant
from statemachines.preview.simulator import Simulator
from statemachines.simulation.file_commands import DEFAULT_BY
from statemachines.subscription.life import LifeSteps
from statemachines.subscription.timeline import timeline
from tests.support.instants import instant
from tests.support.shop.offers import offer_fields

Facts = dict[str, object]
"""Fields as plain data."""

COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
LIVING = LifeSteps()
ORDERED = "2026-01-15T09:00:00Z"


def an_order(offer: Mapping[str, object] | None = None, **order: object) -> Order:
    """An order of three monthly licences of a partner's offer, with the changes."""
    sold = offer_fields(**{"id": "crm", **(offer or {})})
    line = {"subscription_id": "s-1", "customer": "fabrikam", "at": ORDERED, "quantity": 3}
    return Order.model_validate_json(json.dumps({**line, **order, "offer": sold}))


def a_command(do: str, **fields: object) -> AnyCommand:
    """A command as plain data, by the actor that a scenario would take."""
    reason = {"reason": "customer_request"} if do in {"suspend", "cancel"} else {}
    usage = {"usage_id": "u-1"} if do == "report_usage" else {}
    return COMMANDS.validate_python({"do": do, "by": DEFAULT_BY.get(do, "admin_agent"), **reason, **usage, **fields})


class ALife:
    """A simulated life with its story in short text."""

    def __init__(self, order: Order | None = None, living: LifeSteps = LIVING) -> None:
        order = order or an_order()
        self.simulator = Simulator(order, living)
        self.now = order.at

    def ask(self, at: str | datetime, do: str, **fields: object) -> Answer:
        """A command at that instant."""
        self.now = instant(at)
        return self.simulator.ask(a_command(do, **fields), self.now)

    def until(self, at: str | datetime) -> "ALife":
        """Lived to that instant, with no further command."""
        self.now = instant(at)
        self.simulator.advance(self.now)
        return self

    @property
    def subscription(self) -> Subscription:
        """Where it stands."""
        return self.simulator.life.subscription

    @property
    def state(self) -> str:
        """The state's name."""
        return self.subscription.state.value

    @property
    def events(self) -> list[str]:
        """`name@instant` of each event, with its rule: `renewed@2026-02-15T09:00:00Z REN-1`."""
        return [f"{e.event}@{format_instant(e.at)} {e.rule}" for e in self.simulator.book.events]

    @property
    def names(self) -> list[str]:
        """The events' names."""
        return [event.event.value for event in self.simulator.book.events]

    @property
    def rows(self) -> list[str]:
        """`kind line quantity amount key` of each ledger row."""
        return [f"{r.kind} {r.line} {r.quantity:f} {r.amount:f} {r.key}" for r in self.simulator.book.rows]

    @property
    def access(self) -> list[tuple[str, str | None]]:
        """The intervals of the users' access."""
        return [(format_instant(i.start), format_instant(i.end) if i.end else None) for i in self.simulator.book.access]

    @property
    def timeline(self) -> list[str]:
        """`what@instant rule` of each milestone to come."""
        return [f"{m.what}@{format_instant(m.at)} {m.rule}" for m in timeline(self.subscription, self.now)]


def told(answer: Answer) -> str:
    """`outcome rule` of an answer, with its money: `cancelled_with_credit CXL-2 credit 32.50`."""
    credit = f" credit {answer.credit.amount:f}" if answer.credit else ""
    charge = f" charge {answer.charge.amount:f}" if answer.charge else ""
    return f"{answer.outcome} {answer.rule}{credit}{charge}"
