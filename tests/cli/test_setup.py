"""`setup` where there is no server: the database is prepared all the same, and what is missing is said."""

import json
from pathlib import Path

from tests.support.command_line import Program

NOWHERE = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}


def test_it_says_what_is_missing_and_changes_nothing(program: Program, tmp_path: Path) -> None:
    result = program("setup", "--check", **NOWHERE)
    assert (result.returncode, result.stderr) == (1, "")
    assert "Namespace          failed\n" in result.stdout
    assert "Retention          waits    for the namespace\n" in result.stdout
    assert "Database           missing\n" in result.stdout
    assert "No Temporal server can be reached at '127.0.0.1:1' (connection refused)" in result.stdout
    assert f"There is no database at {tmp_path / 'var' / 'perennial.db'} yet.\n" in result.stdout
    assert not (tmp_path / "var").exists()


def test_the_database_needs_no_server(program: Program, tmp_path: Path) -> None:
    assert program("setup", **NOWHERE).returncode == 1
    assert (tmp_path / "var" / "perennial.db").exists()
    result = program("setup", "--json", **NOWHERE)
    found = json.loads(result.stdout)
    assert (result.returncode, found["ready"]) == (1, False)
    assert [(part["part"], part["condition"]) for part in found["parts"]] == [
        ("namespace", "failed"),
        ("retention", "waiting"),
        ("search_attributes", "waiting"),
        ("nexus_endpoint", "waiting"),
        ("database", "ready"),
        ("environment", "waiting"),
    ]


def test_a_name_that_no_endpoint_can_have(program: Program) -> None:
    result = program("setup", "--nexus-endpoint", "a b", **NOWHERE)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("--nexus-endpoint: got 'a b'; takes 1 to 64 letters")
