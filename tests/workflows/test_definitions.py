"""The definitions of long-lived workflows keep the promises that protect them (docs/architecture.md)."""

import inspect

import pytest
from temporalio import workflow
from temporalio.common import RawValue

from domain.subscription.decision import Answer
from domain.values import Strict
from workflows.account.messages import ACCOUNT_REQUESTS, ACCOUNT_SIGNALS, ACCOUNT_UPDATES
from workflows.account.workflow import BillingAccountWorkflow
from workflows.bulk.messages import BULK_UPDATES
from workflows.bulk.workflow import BulkWorkflow
from workflows.guard.interceptor import TAKES
from workflows.notifications.messages import DELIVERY_UPDATES
from workflows.notifications.workflow import DeliveryWorkflow
from workflows.price_changes.messages import PRICE_CHANGE_UPDATES
from workflows.price_changes.workflow import PriceChangeWorkflow
from workflows.subscription.messages import COMMANDS, SIGNALS, UPDATES
from workflows.subscription.workflow import SubscriptionWorkflow

Models = dict[str, type[Strict]]
TAKEN = [
    pytest.param(SubscriptionWorkflow, UPDATES, id="subscription"),
    pytest.param(BillingAccountWorkflow, ACCOUNT_UPDATES, id="account"),
    pytest.param(DeliveryWorkflow, DELIVERY_UPDATES, id="delivery"),
    pytest.param(PriceChangeWorkflow, PRICE_CHANGE_UPDATES, id="price changes"),
    pytest.param(BulkWorkflow, BULK_UPDATES, id="bulk"),
]
ANSWERED = [
    pytest.param(SubscriptionWorkflow, COMMANDS, id="subscription"),
    pytest.param(BillingAccountWorkflow, ACCOUNT_REQUESTS, id="account"),
]


ANSWERED_BY: dict[type, set[str]] = {SubscriptionWorkflow: set(COMMANDS), BillingAccountWorkflow: set(ACCOUNT_REQUESTS)}


def definition(cls: type) -> workflow._Definition:
    return workflow._Definition.must_from_class(cls)


@pytest.mark.parametrize(("cls", "updates"), TAKEN)
def test_the_updates_are_the_contracts_and_the_guards(cls: type, updates: Models) -> None:
    assert set(definition(cls).updates) == set(updates)
    name = definition(cls).name
    assert name is not None
    assert TAKES[name] == updates


def test_the_guard_knows_every_workflow_that_takes_updates() -> None:
    assert len(TAKES) == len(TAKEN)


@pytest.mark.parametrize(("cls", "updates"), TAKEN)
def test_every_update_has_a_validator_and_is_a_plain_def(cls: type, updates: Models) -> None:
    """Without a validator a wrong number of arguments would be accepted, and wedge the workflow.

    Only what is decided by rules may wait, for the books, and before it is decided: see test_decisions.py. `committed`
    decides nothing.
    """
    decided = {*ANSWERED_BY.get(cls, set()), "committed"}
    for name, update in definition(cls).updates.items():
        assert update.validator is not None, name
        assert inspect.iscoroutinefunction(update.fn) is (name in decided), name


@pytest.mark.parametrize(("cls", "updates"), TAKEN)
def test_every_update_takes_its_one_strict_model_and_says_what_it_does(cls: type, updates: Models) -> None:
    for name, update in definition(cls).updates.items():
        assert update.arg_types == [updates[str(name)]], name
        assert issubclass(updates[str(name)], Strict)
        assert inspect.getdoc(update.fn), name


@pytest.mark.parametrize(("cls", "requests"), ANSWERED)
def test_what_is_decided_by_rules_is_answered(cls: type, requests: Models) -> None:
    for name, model in requests.items():
        update = definition(cls).updates[name]
        assert update.ret_type is Answer, name
        assert update.description == (inspect.getdoc(model) or "").partition("\n")[0], name


@pytest.mark.parametrize(
    ("cls", "signals"), [(SubscriptionWorkflow, SIGNALS), (BillingAccountWorkflow, ACCOUNT_SIGNALS)]
)
def test_one_dynamic_handler_reads_every_signal(cls: type, signals: Models) -> None:
    """A named handler would let the SDK drop what it cannot decode, and wedge on a wrong number of arguments."""
    assert all(issubclass(model, Strict) for model in signals.values())
    assert set(definition(cls).signals) == {None}
    handler = definition(cls).signals[None]
    assert handler.arg_types is not None
    assert RawValue.__name__ in str(handler.arg_types[-1])
