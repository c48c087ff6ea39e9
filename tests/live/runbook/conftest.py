"""A terminal at the place of each disaster."""

import pytest

from tests.support.live.repairs import Place
from tests.support.live.runbook import Terminal


@pytest.fixture
def terminal(place: Place) -> Terminal:
    return Terminal.at(place)
