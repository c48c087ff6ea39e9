"""Short lives for the tests: a licence that is charged, and a meter that is reported to."""

from datetime import datetime
from typing import Any

from domain.ordering.terms import Order
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer, Outcome
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.books.player import Player
from tests.support.books.subscription import BooksUnderTest
from tests.support.instants import START
from tests.support.shop.offers import BACKUP, offer_fields

LICENCE = offer_fields(add_ons=[BACKUP])
METER = offer_fields(id="wingtip-meter", unit_price="0.25", billing_type="usage")


def order(offer: dict[str, Any], subscription_id: str = "s-1", customer: str = "fabrikam") -> Order:
    data = {
        "name": "a short life",
        "offer": offer,
        "order": {"at": START, "customer": customer, "quantity": 3},
        "until": START,
    }
    return parse_scenario(data).order_for(subscription_id)


async def bought(books: BooksUnderTest, offer: dict[str, Any], subscription_id: str = "s-1") -> Player:
    """A life at its beginning, recorded."""
    player = Player(books, order(offer, subscription_id))
    await player.perform()
    return player


def report(usage_id: str, units: str, used_at: datetime | None = None, corrects: str | None = None) -> ReportUsage:
    fields = {"by": "service", "usage_id": usage_id, "units": units, "used_at": used_at, "corrects": corrects}
    return ReportUsage.model_validate({name: value for name, value in fields.items() if value is not None})


def taken(at: datetime, seq: int = 1) -> Answer:
    """What the lifecycle answers to usage that it accepts."""
    return Answer(at=at, do="report_usage", outcome=Outcome.DONE, rule="CXL-6", effective_at=at, message="", seq=seq)
