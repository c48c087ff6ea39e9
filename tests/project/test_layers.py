"""The layer contracts of pyproject.toml hold, and notice an arrow back: each is broken on purpose, in a copy."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grimp
import pytest

from tests.support.paths import ROOT
from tests.support.project import FLOORS, LINTER

INSIDE: dict[str, list[str]] = {
    container: contract["layers"] for contract in LINTER["contracts"] for container in contract.get("containers", ())
}
"""The layers inside each folder that has a contract, the highest first."""
IDS = {container: contract["id"] for contract in LINTER["contracts"] for container in contract.get("containers", ())}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages with the project's own configuration."""
    folder = tmp_path_factory.mktemp("copied")
    for package in LINTER["root_packages"]:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def broken(folder: Path, *contracts: str) -> list[str]:
    """The names of those contracts that the packages in the folder break."""
    linter = str(Path(sys.executable).parent / "lint-imports")
    options = ["--no-cache", "--no-logo", *(f"--contract={contract}" for contract in contracts)]
    ran = subprocess.run([linter, *options], cwd=folder, capture_output=True, text=True, env={"COLUMNS": "999"})
    assert "Contracts: " in ran.stdout, ran.stdout + ran.stderr
    return re.findall(r"^(.+) BROKEN(?: \(\d+ ignored imports?\))?$", ran.stdout, re.MULTILINE)


@contextmanager
def importing(folder: Path, importer: str, imported: str) -> Iterator[None]:
    """Inside, one module imports another that it does not import otherwise."""
    place = folder / importer.replace(".", "/")
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    before = file.read_text()
    file.write_text(f"{before}\nimport {imported}\n")
    try:
        yield
    finally:
        file.write_text(before)


def name_of(contract: str) -> str:
    """The name of the contract with that id."""
    return next(str(found["name"]) for found in LINTER["contracts"] if found["id"] == contract)


def members(container: str, layer: str) -> list[str]:
    """The modules of one layer."""
    return [f"{container}.{name}" for name in re.findall(r"\w+", layer)]


def test_every_contract_is_kept(copied: Path) -> None:
    assert broken(copied) == []


def test_every_floor_has_a_contract_inside() -> None:
    assert set(FLOORS) <= set(INSIDE)


@pytest.mark.parametrize("container", INSIDE)
def test_an_arrow_back_inside_a_folder_breaks_its_contract(copied: Path, container: str) -> None:
    imported, *_, importer = (member for layer in INSIDE[container] for member in members(container, layer))
    with importing(copied, importer, imported):
        assert broken(copied, IDS[container]) == [name_of(IDS[container])]


@pytest.mark.parametrize("container", INSIDE)
def test_a_module_without_a_layer_breaks_its_contract(copied: Path, container: str) -> None:
    new = copied / container.replace(".", "/") / "without_a_layer.py"
    new.touch()
    try:
        assert broken(copied, IDS[container]) == [name_of(IDS[container])]
    finally:
        new.unlink()


def test_an_arrow_back_between_floors_breaks_the_contract(copied: Path) -> None:
    with importing(copied, f"{FLOORS[-1]}.values", FLOORS[0]):
        assert broken(copied, "layers") == [name_of("layers")]


def test_production_that_uses_the_simulation_breaks_the_contract(copied: Path) -> None:
    with importing(copied, "workflows", "statemachines.simulation.scenario"):
        assert broken(copied, "simulation") == [name_of("simulation")]


@pytest.mark.parametrize(
    ("contract", "importer"),
    [("pure", "domain.calendar"), ("pure", "statemachines.machine"), ("replayed", "workflows.subscription.details")],
)
@pytest.mark.parametrize("world", ["time", "random", "os", "threading"])
def test_what_a_replay_repeats_imports_no_world(copied: Path, contract: str, importer: str, world: str) -> None:
    with importing(copied, importer, world):
        assert broken(copied, contract) == [name_of(contract)]


@pytest.mark.parametrize("floor", FLOORS)
def test_a_circle_of_two_files_breaks_the_contract(copied: Path, floor: str) -> None:
    imported, importer = neighbours(floor)
    with importing(copied, importer, imported):
        assert broken(copied, "circles") == [name_of("circles")]


def neighbours(floor: str) -> tuple[str, str]:
    """Two files of one folder on that floor, of which the first imports the second."""
    graph = grimp.build_graph(floor, cache_dir=None)
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            folder = importer.rpartition(".")[0]
            if folder == imported.rpartition(".")[0] != floor and not graph.find_children(importer):
                return importer, imported
    raise AssertionError(f"No file of {floor} imports another one in its folder.")
