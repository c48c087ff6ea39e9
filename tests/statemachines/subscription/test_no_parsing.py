"""A machine is built in each workflow's thread: nothing may be parsed then (CPython 3.11 counts it across threads)."""

import ast

import pytest

from statemachines.subscription.machine import Machine


def test_building_a_machine_parses_no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> ast.AST:
        raise AssertionError("a guard is a string: make it a function")

    monkeypatch.setattr(ast, "parse", refuse)
    Machine()
