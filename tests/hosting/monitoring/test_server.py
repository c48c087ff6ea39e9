"""What the server says of a worker."""

import pytest
from temporalio.client import Client

from activities.accounts.activities import AccountActivities, OpeningActivities, PaymentActivities
from activities.billing.activities import AnswerActivities, BillingActivities, RestoringActivities
from activities.notifications.activities import NotificationActivities
from activities.provisioning.activities import ProvisioningActivities
from hosting.assembly import prepare_namespace
from hosting.monitoring.server import EFFECTS, cause_of, figures, polls
from statemachines.subscription.not_now import AheadOfClock
from tests.support.instants import DAY, START
from workflows.notifications.messages import Stream

PERFORM = [
    *(AccountActivities, OpeningActivities, PaymentActivities),
    *(AnswerActivities, BillingActivities, RestoringActivities, NotificationActivities, ProvisioningActivities),
]


def test_every_effect_is_a_cause() -> None:
    """All but the attempt to notify, whose failure is shown in the publisher's words."""
    names = {
        definition.name
        for each in PERFORM
        for method in vars(each).values()
        if (definition := getattr(method, "__temporal_activity_definition", None)) is not None
    }
    assert names - {"tell_publisher"} == set(EFFECTS)


@pytest.mark.parametrize("effect", sorted(EFFECTS))
def test_a_failed_effect_is_named_by_its_activity(effect: str) -> None:
    assert cause_of(f"{effect}: The tenant was deleted: not here.") == effect


def test_causes_without_an_activity() -> None:
    stream = Stream(publisher="contoso").not_tried()
    assert stream.trouble is not None
    assert cause_of(stream.trouble) == "notification"
    assert cause_of("Event 3 is undeliverable after 500 tries: answered 500.") == "notification"
    assert cause_of("attackers_word: whatever") == "other"
    with pytest.raises(AheadOfClock) as ahead:
        AheadOfClock.check(START + DAY, START)
    assert cause_of(str(ahead.value)) == "clock"


async def test_a_queue_that_nobody_polls(client: Client) -> None:
    await prepare_namespace(client)
    assert not await polls(client, "nobody-polls-this")
    found = await figures(client, "nobody-polls-this")
    assert found.backlog == {"workflow": 0, "activity": 0}
