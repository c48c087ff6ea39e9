"""deploy/compose.yaml: read by Docker Compose itself, and compared with what is in the checkout. No container runs."""

import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml

from hosting.embedded.command import DYNAMIC_CONFIG
from tests.support.deployed import DEPLOY, PASSWORDS, composed, image_environment, make_books, ours, services
from tests.support.paths import ROOT
from tests.support.postgres_server import NoServer, own_server
from tests.support.project import PROJECT

PORTS = {"temporal": 7233, "postgres": 5432, "prometheus": 9090, "grafana": 3000, "temporal-ui": 8080, "worker": 9464}
"""Where each image listens by default; the worker where its image says."""


def mounted(service: str) -> dict[str, Path]:
    """The files of the checkout that the service sees, by the paths at which it does."""
    binds = (each for each in services()[service].get("volumes", ()) if each["type"] == "bind")
    return {each["target"]: Path(each["source"]) for each in binds}


def test_docker_compose_takes_it() -> None:
    ran = composed("--quiet", **PASSWORDS)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_without_a_password_it_says_where_to_read() -> None:
    for name in PASSWORDS:
        ran = composed("--quiet", **{**PASSWORDS, name: ""})
        assert ran.returncode != 0
        assert f"required variable {name} is missing a value: see deploy/.env.example" in ran.stderr
    example = (DEPLOY / ".env.example").read_text()
    assert re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE) == [(name, "") for name in PASSWORDS]


@pytest.mark.parametrize("name", sorted(services()))
def test_every_image_has_a_version(name: str) -> None:
    assert re.search(r":v?\d+\.\d+(\.\d+)?$", services()[name]["image"]), services()[name]["image"]


def test_our_image_is_the_one_that_the_dockerfile_makes() -> None:
    assert ours().keys() == {"setup", "worker"}
    for service in ours().values():
        assert service["image"] == f"perennial:{PROJECT['project']['version']}"
        build = service["build"]
        assert (Path(build["context"]) / build["dockerfile"]) == ROOT / "Dockerfile"


@pytest.mark.parametrize("name", sorted(services()))
def test_every_mounted_file_exists_and_is_read_only(name: str) -> None:
    binds = [each for each in services()[name].get("volumes", ()) if each["type"] == "bind"]
    assert [each["source"] for each in binds if not Path(each["source"]).is_file()] == []
    assert [each["target"] for each in binds if not each["read_only"]] == []


def test_every_address_is_that_of_a_service() -> None:
    assert PORTS["worker"] == int(image_environment()["PERENNIAL_METRICS_ADDRESS"].rpartition(":")[2])
    for service in (*ours().values(), services()["temporal-ui"]):
        host, _, port = service["environment"]["TEMPORAL_ADDRESS"].partition(":")
        assert PORTS[host] == int(port)
    for service in ours().values():
        database = urlsplit(service["environment"]["PERENNIAL_DATABASE_URL"])
        assert PORTS[database.hostname or ""] == database.port
    (source,) = yaml.safe_load(mounted("grafana")["/etc/grafana/provisioning/datasources/perennial.yaml"].read_text())[
        "datasources"
    ]
    found = urlsplit(source["url"])
    assert PORTS[found.hostname or ""] == found.port
    schema = mounted("temporal-schema")["/schema.sh"].read_text()
    assert "--ep postgres -p 5432 -u temporal" in schema
    assert services()["postgres"]["environment"]["POSTGRES_USER"] == "temporal"


def test_nothing_is_reachable_from_outside() -> None:
    published = [port for service in services().values() for port in service.get("ports", ())]
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}
    for name, service in services().items():
        assert {port["target"] for port in service.get("ports", ())} <= {PORTS.get(name)}


def test_everything_waits_for_what_it_needs() -> None:
    needed = {name: service.get("depends_on", {}) for name, service in services().items()}
    assert needed["worker"]["setup"]["condition"] == "service_completed_successfully"
    assert {each["condition"] for each in needed["setup"].values()} == {"service_healthy"}
    assert needed["temporal"]["temporal-schema"]["condition"] == "service_completed_successfully"
    for dependencies in needed.values():
        for other, how in dependencies.items():
            if how["condition"] == "service_healthy":
                assert "test" in services()[other]["healthcheck"]


def test_there_are_two_workers_in_bounds_and_without_rights() -> None:
    worker = services()["worker"]
    assert worker["deploy"]["replicas"] == 2
    assert worker["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    for service in ours().values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
        written = {each["target"] for each in service["volumes"]} | set(service["tmpfs"])
        assert {image_environment()["PERENNIAL_DATA_DIR"], "/tmp"} == written


def test_prometheus_reads_the_workers_and_the_alarms() -> None:
    files = mounted("prometheus")
    configuration: dict[str, Any] = yaml.safe_load(files["/etc/prometheus/prometheus.yml"].read_text())
    for rules in configuration["rule_files"]:
        assert files[f"/etc/prometheus/{rules}"] == DEPLOY / "prometheus" / "alerts.yaml"
    (job,) = configuration["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert [(name, found["port"]) for name in found["names"]] == [("worker", PORTS["worker"])]


def test_grafana_has_the_dashboard() -> None:
    files = mounted("grafana")
    providers = yaml.safe_load(files["/etc/grafana/provisioning/dashboards/perennial.yaml"].read_text())["providers"]
    (folder,) = (provider["options"]["path"] for provider in providers)
    assert files[f"{folder}/perennial.json"] == DEPLOY / "grafana" / "perennial.json"


def test_the_server_is_given_what_the_embedded_one_has() -> None:
    path = services()["temporal"]["environment"]["DYNAMIC_CONFIG_FILE_PATH"]
    given = yaml.safe_load(mounted("temporal")[path].read_text())
    for name, ((value,)) in ((name, values) for name, values in given.items()):
        assert value["value"] == yaml.safe_load(DYNAMIC_CONFIG[name]), name


def test_the_database_of_the_books_is_made_by_its_script() -> None:
    """By the very script: its user owns the database and nothing else."""
    try:
        with own_server() as (server, _), psycopg.connect(make_books(server)) as connection:
            connection.execute("CREATE TABLE mine (id int)")
            found = connection.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
            assert found.fetchone() == ("perennial", False)
    except NoServer as none:
        pytest.skip(str(none))


def test_the_servers_tables_are_made_by_its_script(tmp_path: Path) -> None:
    """The tool is Temporal's; here a program in its place writes down how it is called."""
    tool = tmp_path / "temporal-sql-tool"
    tool.write_text('#!/bin/sh\necho "$@" >>"$CALLS"\n')
    tool.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "CALLS": str(tmp_path / "calls")}
    script = mounted("temporal-schema")["/schema.sh"]
    assert services()["temporal-schema"]["entrypoint"] == ["/bin/sh", "/schema.sh"]
    subprocess.run(["/bin/sh", str(script)], env=environment, check=True)
    place = "--plugin postgres12 --ep postgres -p 5432 -u temporal"
    assert (tmp_path / "calls").read_text().splitlines() == [
        line
        for name, tables in (("temporal", "temporal"), ("temporal_visibility", "visibility"))
        for line in (
            f"{place} --db {name} create",
            f"{place} --db {name} setup-schema -v 0.0",
            f"{place} --db {name} update-schema -d /etc/temporal/schema/postgresql/v12/{tables}/versioned",
        )
    ]
