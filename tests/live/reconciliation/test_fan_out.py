"""What is sent to many does not take a workflow that was ended from outside for a subscription that has ended."""

import pytest

from activities.errors import NotThere
from domain.roles import Party
from domain.subscription.commands import Reactivate
from tests.support.live.repairs import Place, bought
from workflows.calls.errors import WorkflowFailed
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.server_ports import ServerCommandSender

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


async def test_a_sender_is_told_that_it_is_not_there(place: Place) -> None:
    async with place.worker() as world:
        subscription = await bought(world)
        command = Reactivate(by=Party.SYSTEM.value)
        await place.client.get_workflow_handle(subscription_workflow_id(subscription)).terminate(reason="a test")
        with pytest.raises(NotThere, match=r"was terminated at .*: a test \(by "):
            await ServerCommandSender(world.server.subscriptions).send(subscription, command)
        with pytest.raises(WorkflowFailed, match="was terminated"):
            await world.perennial.subscriptions.details(subscription)
        with pytest.raises(WorkflowFailed, match="was terminated"):
            await world.perennial.commands.answer(subscription, command)
