"""What `config` shows: each setting, where it comes from, and never a secret."""

import os
from pathlib import Path

import pytest

from activities.settings import PREFIX, Settings, SettingsFault
from hosting.configuration import InEffect, Source, in_effect
from hosting.embedded.ports import Endpoints
from hosting.embedded.shared import ServerLock
from hosting.temporal.errors import ServerUnreachable

SECRET = "hunter2"
FILE = f"""
[profile.default]
address = "file.example:7233"
namespace = "of-the-file"
api_key = "{SECRET}"
[profile.default.tls]
server_name = "temporal.example"
client_cert_path = "/etc/temporal/client.pem"
client_key_data = "{SECRET}"
[profile.default.grpc_meta]
authorization = "Bearer {SECRET}"
"""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None of the variables of whoever runs the tests."""
    for name in os.environ:
        if name.startswith((PREFIX, "TEMPORAL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PERENNIAL_DATA_DIR", str(tmp_path / "var"))


def settings() -> dict[str, InEffect]:
    found = in_effect()
    assert SECRET not in repr(found)
    return {one.name: one for one in found}


def test_every_setting_of_ours_is_there_with_its_default() -> None:
    found = settings()
    assert {f"{PREFIX}{field.upper()}" for field in Settings.model_fields} <= set(found)
    assert found["PERENNIAL_DATA_DIR"].source is Source.ENVIRONMENT
    assert found["PERENNIAL_TASK_QUEUE"] == InEffect("PERENNIAL_TASK_QUEUE", "perennial", Source.DEFAULT)
    assert found["PERENNIAL_DEPLOYMENT"] == InEffect("PERENNIAL_DEPLOYMENT", None, Source.DEFAULT)
    assert found["TEMPORAL_ADDRESS"] == InEffect("TEMPORAL_ADDRESS", "localhost:7233", Source.DEFAULT)
    assert found["TEMPORAL_NAMESPACE"] == InEffect("TEMPORAL_NAMESPACE", "default", Source.DEFAULT)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://shop:{SECRET}@db.example:5432/books?password={SECRET}", "postgresql://db.example:5432/books"),
        (f"postgresql://db.example/books?sslpassword={SECRET}", "postgresql://db.example/books"),
        ("sqlite:////srv/books.db", "sqlite:////srv/books.db"),
    ],
)
def test_an_address_is_shown_without_user_and_password(monkeypatch: pytest.MonkeyPatch, url: str, shown: str) -> None:
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", url)
    monkeypatch.setenv("PERENNIAL_TENANTS_URL", f"https://shop:{SECRET}@tenants.example/v1?key={SECRET}")
    found = settings()
    assert found["PERENNIAL_DATABASE_URL"] == InEffect("PERENNIAL_DATABASE_URL", shown, Source.ENVIRONMENT)
    assert found["PERENNIAL_TENANTS_URL"].value == "https://tenants.example/v1"


def test_temporals_file_and_the_variables_that_go_before_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "temporal.toml"
    file.write_text(FILE)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "of-the-variable")
    monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", "/srv/client.pem")
    monkeypatch.setenv("TEMPORAL_GRPC_META_X_TOKEN", SECRET)
    found = settings()
    assert {name: (one.value, one.source) for name, one in found.items() if name.startswith("TEMPORAL_")} == {
        "TEMPORAL_CONFIG_FILE": (str(file), Source.ENVIRONMENT),
        "TEMPORAL_ADDRESS": ("file.example:7233", Source.FILE),
        "TEMPORAL_NAMESPACE": ("of-the-variable", Source.ENVIRONMENT),
        "TEMPORAL_API_KEY": ("(set, not shown)", Source.FILE),
        "TEMPORAL_TLS": ("on", Source.FILE),
        "TEMPORAL_TLS_SERVER_NAME": ("temporal.example", Source.FILE),
        "TEMPORAL_TLS_CLIENT_CERT": ("/srv/client.pem", Source.ENVIRONMENT),
        "TEMPORAL_TLS_CLIENT_KEY": ("(set, not shown)", Source.FILE),
        "TEMPORAL_GRPC_META_AUTHORIZATION": ("(set, not shown)", Source.FILE),
        "TEMPORAL_GRPC_META_X_TOKEN": ("(set, not shown)", Source.ENVIRONMENT),
    }


def test_a_name_that_is_mistyped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_DATABSE_URL", f"postgresql://shop:{SECRET}@db/books")
    monkeypatch.setenv("PERENNIAL_TRACEBACK", "1")
    found = settings()
    assert "PERENNIAL_TRACEBACK" not in found
    mistyped = found["PERENNIAL_DATABSE_URL"]
    assert (mistyped.source, mistyped.near) == (Source.UNKNOWN, "PERENNIAL_DATABASE_URL")


def test_what_cannot_be_used_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_PROFILE", "nobodys")
    with pytest.raises(ServerUnreachable, match=r"own configuration .* cannot be read: Profile 'nobodys' not"):
        in_effect()
    monkeypatch.setenv("PERENNIAL_POLLERS", "many")
    with pytest.raises(SettingsFault, match="^PERENNIAL_POLLERS: got 'many'"):
        in_effect()


def test_the_server_of_the_data_directory_is_used_where_none_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = ServerLock(tmp_path / "var")
    assert lock.acquire()
    assert settings()["TEMPORAL_ADDRESS"].source is Source.DEFAULT
    lock.publish(Endpoints("127.0.0.1:17400", "http://127.0.0.1:17401", None, pid=1, owner_pid=1))
    assert settings()["TEMPORAL_ADDRESS"] == InEffect("TEMPORAL_ADDRESS", "127.0.0.1:17400", Source.DATA_DIRECTORY)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "named.example:7233")
    assert settings()["TEMPORAL_ADDRESS"] == InEffect("TEMPORAL_ADDRESS", "named.example:7233", Source.ENVIRONMENT)
    monkeypatch.delenv("TEMPORAL_ADDRESS")
    # As a process leaves it that was killed.
    lock.release()
    assert settings()["TEMPORAL_ADDRESS"].source is Source.DEFAULT
