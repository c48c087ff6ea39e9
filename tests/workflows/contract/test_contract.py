"""The public contract: docs/contract/ is never stale, and what was promised once is kept (ADR 0015)."""

import json
from pathlib import Path
from typing import Literal

import nexusrpc
import pytest
from pydantic import BaseModel
from temporalio import workflow

from domain.subscription.decision import Answer
from hosting.assembly import WORKFLOWS as STARTED
from hosting.nexus.service import NexusSubscriptions
from workflows.account.workflow import BillingAccountWorkflow
from workflows.bulk.workflow import BulkWorkflow
from workflows.contract.files import FOLDER, LOCK, added, broken, bundles, generated, locked, publish, read
from workflows.contract.interface import COMMAND, Kind
from workflows.contract.public import interfaces
from workflows.nexus import messages
from workflows.nexus.messages import OPERATIONS
from workflows.order.workflow import OrderWorkflow
from workflows.price_changes.workflow import PriceChangeWorkflow
from workflows.subscription.messages import Details
from workflows.subscription.workflow import SubscriptionWorkflow

WORKFLOWS = [SubscriptionWorkflow, BillingAccountWorkflow, OrderWorkflow, PriceChangeWorkflow, BulkWorkflow]


def test_nothing_that_was_promised_is_broken() -> None:
    words = broken(read(FOLDER / LOCK), bundles(interfaces()))
    if words:
        pytest.fail(words, pytrace=False)


def test_what_was_added_is_in_the_lock() -> None:
    new = bundles(interfaces())
    words = added((FOLDER / LOCK).read_text("utf-8"), locked(new))
    # What breaks is told by the test before.
    if words and not broken(read(FOLDER / LOCK), new):
        pytest.fail(words, pytrace=False)


def test_the_pages_are_what_the_code_says() -> None:
    wanted = generated(interfaces())
    stale = [name for name, text in wanted.items() if not _is(FOLDER / name, text)]
    left_over = [each.name for each in FOLDER.iterdir() if each.name not in {*wanted, LOCK}]
    if stale or left_over:
        pytest.fail(f"stale in docs/contract/: {stale}; without a source: {left_over}; run: {COMMAND}", pytrace=False)


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def test_every_workflow_that_anybody_can_start_is_public() -> None:
    titles = {each.title for each in interfaces()}
    assert [cls.__name__ for cls in STARTED if cls.__name__ not in titles] == []


@pytest.mark.parametrize("cls", WORKFLOWS)
def test_every_message_of_a_workflow_is_public(cls: type) -> None:
    """A handler that is not in the contract is one that nobody promised, and somebody will use."""
    definition = workflow._Definition.must_from_class(cls)
    (page,) = [each for each in interfaces() if each.title == cls.__name__]
    assert _names(page.messages, Kind.QUERY) == set(definition.queries)
    assert _names(page.messages, Kind.UPDATE) == set(definition.updates)
    assert bool(_names(page.messages, Kind.SIGNAL)) == bool(definition.signals)
    assert all(message.words for message in page.messages)


def _names(messages: tuple[object, ...], kind: Kind) -> set[str]:
    return {message.name for message in messages if getattr(message, "kind", None) is kind}  # type: ignore[attr-defined]


def test_the_nexus_service_has_the_operations_of_the_contract() -> None:
    # Written out here: the contract's own table is read from the service class.
    assert {
        "cancel": (messages.CancelSubscription, Answer),
        "suspend": (messages.SuspendSubscription, Answer),
        "reactivate": (messages.ReactivateSubscription, Answer),
        "details": (messages.ShowSubscription, Details),
    } == OPERATIONS
    served = nexusrpc.get_service_definition(NexusSubscriptions)
    assert served is not None
    given = {name: operation.output_type for name, operation in served.operation_definitions.items()}
    assert given == {name: gives for name, (_, gives) in OPERATIONS.items()}


class Note(BaseModel):
    """A document of a kind."""

    type: Literal["note"]
    id: str


def test_a_document_that_is_sent_to_others_is_published_with_the_rest() -> None:
    made = generated(interfaces({"note": Note}))
    assert "| `note` | nothing | [Note](#note) | A document of a kind. |" in made["documents.md"]
    schemas = json.loads(made["documents.schema.json"])
    assert schemas["messages"]["documents"]["note"]["gives"] == {"$ref": "#/$defs/Note"}


def test_the_command_writes_what_was_added_and_refuses_what_breaks(tmp_path: Path) -> None:
    few = tuple(each for each in interfaces() if each.slug == "order")
    assert publish(few, tmp_path) == ""
    before = {each.name: each.read_text() for each in tmp_path.iterdir()}
    assert publish(interfaces(), tmp_path) == ""
    assert (tmp_path / LOCK).read_text() != before[LOCK]
    after = {each.name: each.read_text() for each in tmp_path.iterdir()}
    words = publish(few, tmp_path)
    assert "SubscriptionWorkflow: message removed" in words
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == after
