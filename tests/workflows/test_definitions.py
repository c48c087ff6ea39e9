"""The workflow's definition keeps the promises that protect it (docs/architecture.md)."""

import inspect

from temporalio import workflow
from temporalio.common import RawValue

from domain.commands import Command
from domain.values import Strict
from workflows.messages import SIGNALS, UPDATES
from workflows.subscription import SubscriptionWorkflow

DEFINITION = workflow._Definition.must_from_class(SubscriptionWorkflow)


def test_the_updates_are_the_contracts() -> None:
    assert set(DEFINITION.updates) == set(UPDATES)


def test_every_update_has_a_validator_and_is_a_plain_def() -> None:
    """Without a validator a wrong number of arguments would be accepted, and wedge the workflow."""
    for name, update in DEFINITION.updates.items():
        assert update.validator is not None, name
        assert not inspect.iscoroutinefunction(update.fn), name


def test_every_update_takes_its_one_strict_model() -> None:
    for name, update in DEFINITION.updates.items():
        assert update.arg_types == [UPDATES[str(name)]], name
        assert issubclass(UPDATES[str(name)], Strict)


def test_one_dynamic_handler_reads_every_signal() -> None:
    """A named handler would let the SDK drop what it cannot decode, and wedge on a wrong number of arguments."""
    assert set(DEFINITION.signals) == {None}
    handler = DEFINITION.signals[None]
    assert handler.arg_types is not None
    assert RawValue.__name__ in str(handler.arg_types[-1])
    assert all(issubclass(model, Command) for model in SIGNALS.values())
