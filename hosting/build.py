"""The version of the code in this process, by which a Worker Deployment knows its workers."""

import functools
import hashlib
import tomllib
from importlib.metadata import version
from pathlib import Path

from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import WorkerDeploymentConfig

from activities.settings import Settings

TOP = Path(__file__).parents[1]
PACKAGES = ("domain", "statemachines", "activities", "workflows", "perennial", "hosting", "cli")
"""What is installed with the program, but for the scenarios that the demo plays."""
DIGITS = 10
"""How many digits of the digest a build's name has."""


@functools.cache
def package_build() -> str:
    """`0.1.0-` and a digest of the package's code: every change of the code is another build."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for file in sorted((TOP / package).rglob("*.py")):
            digest.update(f"{file.relative_to(TOP).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"{_package_version()}-{digest.hexdigest()[:DIGITS]}"


def build_of(settings: Settings) -> str:
    """The build's name, as histories show it: the SDK's own is twice as long, and takes longer to make."""
    return settings.build_id or package_build()


def version_of(settings: Settings) -> WorkerDeploymentVersion | None:
    """The version of this process's workers; None where the settings name no deployment."""
    if settings.deployment is None:
        return None
    return WorkerDeploymentVersion(settings.deployment, build_of(settings))


def deployment_config(settings: Settings) -> WorkerDeploymentConfig | None:
    """How a worker of the settings says its version: its workflows stay on it until they continue as new."""
    ours = version_of(settings)
    if ours is None:
        return None
    # Not in the workflows' own definitions: workers without versions could not run them.
    return WorkerDeploymentConfig(
        version=ours, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.PINNED
    )


def _package_version() -> str:
    """The checkout's, or the installed package's."""
    project = TOP / "pyproject.toml"
    if project.is_file():
        known: str = tomllib.loads(project.read_text())["project"]["version"]
        return known
    return version("perennial")
