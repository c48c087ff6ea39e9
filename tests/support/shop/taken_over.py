"""A subscription that is taken over in mid-life, simulated from there."""

from datetime import datetime

from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer, Segment
from domain.subscription.effects import Provision
from domain.subscription.subscription import Snapshot, Subscription
from domain.takeover.row import TakeoverRow
from statemachines.preview.simulator import Simulator
from statemachines.rebuilding.subscription import Booked, rebuilt
from statemachines.takeover.known import Known
from statemachines.takeover.takeover import Takeover, taken_over
from tests.support.instants import START
from tests.support.shop.offers import MICROSOFT
from tests.support.simulated.life import LIVING

FABRIKAM = Customer(
    id="fabrikam", name="Fabrikam", partner="litware", country="US", segment=Segment.COMMERCIAL, account_opened=START
)


def known_of(subscription: Subscription) -> Known:
    """A catalog that lists the subscription's offer as it is pinned, at another price from now on."""
    fields = subscription.offer.model_dump(mode="json") | {"name": "Contoso CRM", "setup": "none"}
    fields |= {"vendor": "contoso"} if subscription.offer.marketplace else MICROSOFT
    offer = ListedOffer.model_validate(fields, strict=False)
    return Known(offer=offer, customer=FABRIKAM, catalog_version=subscription.catalog_version)


def decided(row: TakeoverRow, known: Known, now: datetime) -> Takeover:
    """The takeover of a row that has no fault."""
    found = taken_over(row, known, now, "admin_agent", None)
    assert isinstance(found, Takeover), [str(fault) for fault in found]
    return found


def simulated(takeover: Takeover) -> Simulator:
    """The life that its workflow begins with: rebuilt from what the books have of it, its access confirmed."""
    subscription = takeover.subscription
    booked = Booked(
        subscription_id=subscription.subscription_id,
        customer_id=subscription.customer_id,
        offer=subscription.offer,
        ordered_at=subscription.ordered_at,
        snapshot=Snapshot.model_validate(takeover.record.changed),
        events=(takeover.event,),
        decisions=(1,),
    )
    life = rebuilt(booked)
    simulator = Simulator.resumed(life, LIVING)
    simulator.book.record(takeover.record)
    simulator.book.usage |= {report.usage_id: report for report in takeover.usage}
    for effect in life.effects:
        assert isinstance(effect, Provision)
        simulator.book.provision(effect)
    return simulator
