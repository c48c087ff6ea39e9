"""The definitions of long-lived workflows keep the promises that protect them (docs/architecture.md)."""

import inspect

import pytest
from temporalio import workflow
from temporalio.common import RawValue

from domain.values import Strict
from workflows.account.messages import ACCOUNT_SIGNALS, ACCOUNT_UPDATES
from workflows.account.workflow import BillingAccountWorkflow
from workflows.subscription.messages import SIGNALS, UPDATES
from workflows.subscription.workflow import SubscriptionWorkflow

CONTRACTS = [
    pytest.param(SubscriptionWorkflow, UPDATES, SIGNALS, id="subscription"),
    pytest.param(BillingAccountWorkflow, ACCOUNT_UPDATES, ACCOUNT_SIGNALS, id="account"),
]
Models = dict[str, type[Strict]]


@pytest.mark.parametrize(("cls", "updates", "signals"), CONTRACTS)
def test_the_updates_are_the_contracts(cls: type, updates: Models, signals: Models) -> None:
    definition = workflow._Definition.must_from_class(cls)
    assert set(definition.updates) == set(updates)
    assert all(issubclass(model, Strict) for model in signals.values())


@pytest.mark.parametrize(("cls", "updates", "signals"), CONTRACTS)
def test_every_update_has_a_validator_and_is_a_plain_def(cls: type, updates: Models, signals: Models) -> None:
    """Without a validator a wrong number of arguments would be accepted, and wedge the workflow."""
    for name, update in workflow._Definition.must_from_class(cls).updates.items():
        assert update.validator is not None, name
        assert not inspect.iscoroutinefunction(update.fn), name


@pytest.mark.parametrize(("cls", "updates", "signals"), CONTRACTS)
def test_every_update_takes_its_one_strict_model(cls: type, updates: Models, signals: Models) -> None:
    for name, update in workflow._Definition.must_from_class(cls).updates.items():
        assert update.arg_types == [updates[str(name)]], name
        assert issubclass(updates[str(name)], Strict)


@pytest.mark.parametrize(("cls", "updates", "signals"), CONTRACTS)
def test_one_dynamic_handler_reads_every_signal(cls: type, updates: Models, signals: Models) -> None:
    """A named handler would let the SDK drop what it cannot decode, and wedge on a wrong number of arguments."""
    definition = workflow._Definition.must_from_class(cls)
    assert set(definition.signals) == {None}
    handler = definition.signals[None]
    assert handler.arg_types is not None
    assert RawValue.__name__ in str(handler.arg_types[-1])
