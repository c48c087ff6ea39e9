"""The version that a worker says it has."""

from pathlib import Path

import pytest
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion

from activities.settings import Settings
from hosting import build
from tests.support.live.purchases import settings_in


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def test_without_a_deployment_a_worker_has_no_version(settings: Settings) -> None:
    named = settings.model_copy(update={"build_id": "1.0"})
    assert build.version_of(named) is None
    assert build.deployment_config(named) is None
    assert build.build_of(named) == "1.0"


def test_in_a_deployment_workflows_stay_on_the_version_of_their_worker(settings: Settings) -> None:
    config = build.deployment_config(settings.model_copy(update={"deployment": "perennial", "build_id": "1.0"}))
    assert config is not None
    assert config.version == WorkerDeploymentVersion("perennial", "1.0")
    assert config.use_worker_versioning
    assert config.default_versioning_behavior is VersioningBehavior.PINNED


def test_the_build_is_the_packages_version_and_a_digest_of_its_code(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same code is the same build; any other is another one, which takes the form that a build's name may have."""
    ours = build.version_of(settings.model_copy(update={"deployment": "perennial"}))
    assert ours is not None
    assert ours.build_id.startswith("0.1.0-")
    Settings.load(build_id=ours.build_id)
    monkeypatch.setattr(build, "TOP", tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "7.1"\n')
    (tmp_path / "domain").mkdir()
    rule = tmp_path / "domain" / "rules.py"
    names = []
    for code in ("DAYS = 90", "DAYS = 89", "DAYS = 90"):
        rule.write_text(code)
        names.append(build.package_build.__wrapped__())
    rule.rename(tmp_path / "domain" / "rule.py")
    names.append(build.package_build.__wrapped__())
    assert all(name.startswith("7.1-") for name in names)
    assert names[0] == names[2]
    assert len(set(names)) == 3
