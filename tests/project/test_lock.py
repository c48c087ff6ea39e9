"""The locks satisfy pyproject.toml, pin everything by hash, and work with any package registry."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.paths import ROOT
from tests.support.project import PROJECT

DEPENDENCIES, EXTRAS = PROJECT["project"]["dependencies"], PROJECT["project"]["optional-dependencies"]
RUNTIME = [*DEPENDENCIES, *EXTRAS["postgres"], *EXTRAS["tracing"]]
DEVELOPMENT = [*DEPENDENCIES, *EXTRAS["dev"]]
BUILD = PROJECT["build-system"]["requires"]
LOCKS = [("requirements.lock", RUNTIME), ("requirements-dev.lock", DEVELOPMENT), ("requirements-build.lock", BUILD)]
NEXT_STEP = "run: make lock"


def entries(lock: str) -> dict[str, tuple[Version, list[str]]]:
    """Name to version and hashes, of a file as pip reads it: one requirement a line, \\ goes on."""
    found: dict[str, tuple[Version, list[str]]] = {}
    for line in (ROOT / lock).read_text().replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            requirement, *hashes = re.split(r"\s+--hash=", line.strip())
            parsed = Requirement(requirement)
            (pin,) = parsed.specifier
            assert pin.operator == "==", f"{lock}: {requirement} is not pinned; {NEXT_STEP}"
            found[canonicalize_name(parsed.name)] = (Version(pin.version), hashes)
    return found


@pytest.mark.parametrize(("lock", "wanted"), LOCKS)
def test_every_dependency_is_locked_at_a_version_it_allows(lock: str, wanted: list[str]) -> None:
    locked = entries(lock)
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{lock} lacks {name}; {NEXT_STEP}"
        version = locked[name][0]
        assert version in requirement.specifier, f"{lock} has {name} {version}, not {requirement}; {NEXT_STEP}"


@pytest.mark.parametrize(("lock", "wanted"), LOCKS)
def test_everything_is_pinned_by_hash(lock: str, wanted: list[str]) -> None:
    for name, (version, hashes) in entries(lock).items():
        assert hashes, f"{lock}: {name} {version} has no hash; {NEXT_STEP}"
        for each in hashes:
            assert re.fullmatch(r"sha256:[0-9a-f]{64}", each), f"{lock}: {name} has the odd hash {each}"


@pytest.mark.parametrize("lock", [name for name, _ in LOCKS])
def test_names_no_host_and_no_path(lock: str) -> None:
    text = (ROOT / lock).read_text()
    odd = [line for line in text.splitlines() if re.search(r"://|\s@\s|file:|^\s*--(?!hash=)|^\s*-\w\s", line)]
    assert not odd, f"{lock} says where packages come from: {odd[0]!r}; {NEXT_STEP}"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock"])
def test_the_tests_run_on_what_is_shipped(lock: str) -> None:
    tested = {name: version for name, (version, _) in entries("requirements-dev.lock").items()}
    for name, (version, _) in entries(lock).items():
        assert tested.get(name) == version, f"the locks differ on {name}; {NEXT_STEP}"
