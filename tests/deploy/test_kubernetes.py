"""deploy/kubernetes: checked against Kubernetes' own schemas, and compared with what the program does."""

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.routing import Route

from activities.settings import CACHED, CACHED_BYTES
from hosting.monitoring.address import Monitoring
from hosting.monitoring.pages import Pages
from tests.support.deployed import (
    KUBERNETES,
    PROGRAMS,
    container_environment,
    image,
    image_environment,
    manifests,
    pods,
)
from tests.support.project import PROJECT

KUSTOMIZATION = manifests()["kustomization.yaml"]
RESOURCES = {name: each for name, each in manifests().items() if name != "kustomization.yaml"}
SCALE = {"Mi": 1024**2, "Gi": 1024**3}
WORKER_BYTES = 150 * 1024**2
"""What a worker takes without its cache (docs/configuration.md), with room to spare."""


@pytest.mark.parametrize("version", ["1.30", "1.34", "1.37"])
def test_kubernetes_takes_them(version: str) -> None:
    files = [str(KUBERNETES / name) for name in RESOURCES]
    command = [str(PROGRAMS / "kubernetes-validate"), "--strict", "--kubernetes-version", version, *files]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (ran.stdout + ran.stderr).count(" passed for ") == len(files)


def test_the_kustomization_has_everything_but_the_example_of_a_secret() -> None:
    assert (KUSTOMIZATION["apiVersion"], KUSTOMIZATION["kind"]) == ("kustomize.config.k8s.io/v1beta1", "Kustomization")
    assert set(KUSTOMIZATION["resources"]) == RESOURCES.keys() - {"secret.example.yaml"}
    assert len(KUSTOMIZATION["resources"]) == len(set(KUSTOMIZATION["resources"]))
    (renamed,) = KUSTOMIZATION["images"]
    assert renamed["newTag"] == PROJECT["project"]["version"]
    assert {container["image"] for _, container in containers()} == {renamed["name"]}


def test_they_are_in_one_namespace_that_is_restricted() -> None:
    own = manifests()["namespace.yaml"]["metadata"]
    others = {each["metadata"]["namespace"] for each in RESOURCES.values() if each["kind"] != "Namespace"}
    assert others == {own["name"], KUSTOMIZATION["namespace"]}
    assert own["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def containers() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each pod with its one container."""
    for pod in pods().values():
        (container,) = pod["containers"]
        yield pod, container


def test_there_is_no_secret_in_them() -> None:
    assert [value for value in manifests()["secret.example.yaml"]["stringData"].values() if value] == []
    configured = manifests()["configuration.yaml"]["data"]
    assert not re.search(r"://[^/@]*:[^/@]*@", " ".join(configured.values()))


@pytest.mark.parametrize("name", pods())
def test_a_pod_has_no_rights(name: str) -> None:
    pod, (container,) = pods()[name], pods()[name]["containers"]
    user, group = map(int, image()["USER"][0].split(":"))
    assert pod["securityContext"].items() >= {"runAsNonRoot": True, "runAsUser": user, "runAsGroup": group}.items()
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("name", pods())
def test_what_a_pod_writes_is_mounted(name: str) -> None:
    pod, (container,) = pods()[name], pods()[name]["containers"]
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert mounts.keys() == {image_environment()["PERENNIAL_DATA_DIR"], "/tmp"}
    assert set(mounts.values()) == {volume["name"] for volume in pod["volumes"]}


def test_probes_ask_for_pages_that_a_worker_serves() -> None:
    served = {route.path for route in _pages().app.routes if isinstance(route, Route)}
    (worker,) = pods()["worker.yaml"]["containers"]
    asked = {kind: worker[kind]["httpGet"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {get["path"] for get in asked.values()} <= served
    assert {kind: get["path"] for kind, get in asked.items()} == {
        "startupProbe": "/health",
        "livenessProbe": "/health",
        "readinessProbe": "/ready",
    }
    ports = {port["name"]: port["containerPort"] for port in worker["ports"]}
    assert {get["port"] for get in asked.values()} == ports.keys()
    address = container_environment(pods()["worker.yaml"])["PERENNIAL_METRICS_ADDRESS"]
    assert list(ports.values()) == [int(address.rpartition(":")[2])]


def _pages() -> Pages:
    monitor = Monitoring("127.0.0.1:1")
    return Pages(monitor.readiness, monitor.refresh, "127.0.0.1:1", "build", datetime(2027, 1, 31, tzinfo=UTC))


def test_everything_finds_the_workers() -> None:
    deployment = manifests()["worker.yaml"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    metrics, budget = manifests()["metrics.yaml"]["spec"], manifests()["budget.yaml"]["spec"]
    selectors = [deployment["selector"]["matchLabels"], metrics["selector"], budget["selector"]["matchLabels"]]
    (spread,) = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert [each for each in (*selectors, spread["labelSelector"]["matchLabels"]) if each != labels] == []
    setup = manifests()["setup.yaml"]["spec"]["template"]["metadata"]["labels"]
    assert setup != labels
    (port,) = metrics["ports"]
    assert port["targetPort"] in {each["name"] for _, each in containers() for each in each.get("ports", ())}
    assert budget["minAvailable"] < deployment["replicas"]


def test_a_worker_has_the_memory_for_its_cache() -> None:
    (worker,) = pods()["worker.yaml"]["containers"]
    number, unit = re.fullmatch(r"(\d+)(\w+)", worker["resources"]["limits"]["memory"]).groups()  # type: ignore[union-attr]
    assert int(number) * SCALE[unit] >= WORKER_BYTES + CACHED * CACHED_BYTES


def test_pods_on_several_nodes_share_no_file() -> None:
    configured = manifests()["configuration.yaml"]["data"]
    assert configured["PERENNIAL_DATABASE_URL"].startswith("postgresql://")
    assert "PERENNIAL_TENANTS_URL" in configured
