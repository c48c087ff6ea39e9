"""An update that names no command id has one by its own id, whatever that is."""

import re

import pytest

from domain.values import ID_PATTERN
from workflows.durable.updates import command_id_of


@pytest.mark.parametrize("update_id", ["u-1", "case_17", "x" * 64])
def test_an_updates_own_id_is_its_command_id(update_id: str) -> None:
    assert command_id_of(update_id) == update_id


@pytest.mark.parametrize("update_id", ["", "x" * 65, "x" * 1000, "a/b", "a b", "a\0b", "é", "id.fingerprint", "a\n"])
def test_any_other_id_has_one_that_fits_into_the_books(update_id: str) -> None:
    made = command_id_of(update_id)
    assert re.fullmatch(ID_PATTERN, made)
    assert made == command_id_of(update_id) != command_id_of(update_id + "x")
