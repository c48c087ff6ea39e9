"""Ids are as long as asked for, and never the same twice."""

from activities.random_ids import random_id


def test_no_two_ids_are_the_same() -> None:
    ids = {random_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(each) for each in ids} == {32}


def test_a_short_one_for_people_to_read() -> None:
    assert len(random_id(8)) == 8
    assert int(random_id(8), 16) >= 0
