"""The Dockerfile: linted, and compared with what the program needs. No image is built here."""

import asyncio
import fnmatch
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from activities.settings import LOOPBACK
from hosting.monitoring.address import monitoring
from tests.support.deployed import DOCKERFILE, PROGRAMS, image, image_environment, instructions
from tests.support.live.purchases import settings_in
from tests.support.paths import ROOT
from tests.support.project import PROJECT

COPIED = [
    argument.split()[:-1]
    for name, argument in instructions(DOCKERFILE.read_text())
    if name == "COPY" and not argument.startswith("--from")
]
"""What the Dockerfile takes from the checkout."""
SENT = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]


def test_hadolint_has_nothing_against_it() -> None:
    ran = subprocess.run([PROGRAMS / "hadolint", DOCKERFILE], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_base_images_have_a_whole_version_and_are_the_same() -> None:
    stages = [argument for name, argument in instructions(DOCKERFILE.read_text()) if name == "FROM"]
    (base,) = {stage.split()[0] for stage in stages}
    version = re.fullmatch(r"python:(3\.\d+\.\d+)-slim-\w+", base)
    assert version
    assert tuple(map(int, version[1].split("."))) >= (3, 11)


def test_packages_are_installed_by_their_hashes() -> None:
    (packages, own) = [line for line in _runs() if "pip install" in line]
    for lock in ("requirements.lock", "requirements-build.lock"):
        assert f"--require-hashes --requirement {lock}" in packages
    assert "--no-deps --no-index" in own


def test_it_runs_without_root_by_number() -> None:
    assert image()["USER"] == ["10001:10001"]
    directory = image_environment()["PERENNIAL_DATA_DIR"]
    (made,) = image()["RUN"]
    assert f"install --directory --owner=10001 --group=10001 --mode=0750 {directory}" in made
    assert image()["WORKDIR"] == [directory]


def test_its_labels_have_the_packages_version() -> None:
    labels = dict(re.findall(r'([\w.]+)="([^"]*)"', " ".join(image()["LABEL"])))
    project = PROJECT["project"]
    kept = {name: labels[f"org.opencontainers.image.{name}"] for name in ("title", "description", "version")}
    assert kept == {"title": project["name"], "description": project["description"], "version": project["version"]}


def test_the_wheel_of_the_copied_files_is_the_wheel_of_the_checkout(tmp_path: Path) -> None:
    """Neither the Dockerfile nor .dockerignore leaves out what the program needs."""
    context = tmp_path / "context"
    for source in (name for names in COPIED for name in names):
        assert f"!{source}" in SENT, f".dockerignore leaves out {source}"
        target = context / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__", "*.py[cod]"))
        else:
            shutil.copyfile(ROOT / source, target)
    assert SENT[0] == "*"
    assert {line.removeprefix("!") for line in SENT if line.startswith("!")} == {n for names in COPIED for n in names}
    assert _wheel(context, tmp_path / "copied") == _wheel(ROOT, tmp_path / "whole")


async def test_the_health_check_is_that_of_a_worker(tmp_path: Path) -> None:
    """Its very command, with the port of this test."""
    check = json.loads(re.sub(r"^.*?CMD ", "", image()["HEALTHCHECK"][0]))
    port = image_environment()["PERENNIAL_METRICS_ADDRESS"].rpartition(":")[2]
    assert image()["EXPOSE"] == [port]
    assert check[0] == "python"
    settings = settings_in(tmp_path).model_copy(update={"metrics_address": f"{LOOPBACK}:0"})
    async with monitoring(settings) as monitor:
        assert monitor.address is not None
        found = monitor.address.rpartition(":")[2]
        command = [sys.executable, *(word.replace(f":{port}/", f":{found}/") for word in check[1:])]
        assert await _code(*command) == 0
    assert await _code(*command) == 1


def test_what_it_runs_is_the_installed_program() -> None:
    assert PROJECT["project"]["scripts"].keys() == set(json.loads(image()["ENTRYPOINT"][0]))
    assert "/opt/perennial/bin" in image_environment()["PATH"].split(":")
    assert [argument.split()[-1] for argument in image()["COPY"]] == ["/opt/perennial"]
    assert not fnmatch.filter(_runs(), "*apt-get*")


def _runs() -> list[str]:
    return [" ".join(argument.split()) for name, argument in instructions(DOCKERFILE.read_text()) if name == "RUN"]


def _wheel(place: Path, target: Path) -> list[str]:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    subprocess.run(build, cwd=place, check=True, capture_output=True)
    (wheel,) = target.glob("*.whl")
    return sorted(zipfile.ZipFile(wheel).namelist())


async def _code(*command: str) -> int:
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    return await process.wait()
