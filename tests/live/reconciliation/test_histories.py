"""How far a workflow is, read from its history, is what it says itself: also after a new run, and over many pages."""

import pytest

from domain.subscription.commands import ChangeQuantity
from perennial.reconciliation import histories
from perennial.reconciliation.answers import Answers
from perennial.reconciliation.histories import Histories
from statemachines.audit.findings import Noun
from statemachines.audit.observed import Known
from tests.support.live.purchases import order
from tests.support.live.repairs import Place, bought
from workflows.durable.workflow_ids import account_workflow_id, subscription_workflow_id
from workflows.subscription.messages import Migration

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


@pytest.mark.parametrize("page", [2, histories.PAGE])
async def test_the_history_says_what_the_workflow_says(
    place: Place, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(histories, "PAGE", page)
    async with place.worker() as world:
        answers, read = Answers(world.server, quick=False), Histories(place.client)

        async def both(noun: Noun, each: str, name: str) -> tuple[Known | None, Known | None]:
            (told,) = await read.of([(name, await place.run_id(name))])
            return (await answers.of(noun, [each]))[each], told

        for subscription in (await bought(world), await bought(world, tested=True, at=order().at)):
            name = subscription_workflow_id(subscription)
            said, told = await both(Noun.SUBSCRIPTION, subscription, name)
            assert said is not None
            assert (said.seq, said.committed, said.waiting, said.state) == (1, 1, False, "active")
            assert told == said
            change = ChangeQuantity(by="admin_agent", quantity=7)
            await world.server.subscriptions.ask(subscription, change)
            said, told = await both(Noun.SUBSCRIPTION, subscription, name)
            assert said is not None
            assert told == said
            assert said.seq == 2
            before = await place.run_id(name)
            await world.server.subscriptions.operate(subscription, "migrate", Migration(by="a test"))
            while await place.run_id(name) == before:
                pass
            assert await both(Noun.SUBSCRIPTION, subscription, name) == (said, said)
            customer = f"of-{subscription}"
            said, told = await both(Noun.ACCOUNT, customer, account_workflow_id(customer))
            assert said is not None
            assert told == said.model_copy(update={"next_at": None})
        assert await read.of([("subscription:nobody", "01a2266e-f72e-7a07-b157-bafeaa38dcbb")]) == [None]
