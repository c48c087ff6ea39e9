"""The parts of workflows, without a server and without the SDK's event loop."""

import logging

import pytest
from temporalio import workflow


@pytest.fixture(autouse=True)
def plain_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's logger asks whether a replay is under way."""
    monkeypatch.setattr(workflow, "logger", logging.getLogger(__name__))
