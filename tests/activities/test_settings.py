"""Settings come from PERENNIAL_ variables; a bad one is one line."""

from datetime import timedelta
from pathlib import Path

import pytest

from activities import settings as settings_module
from activities.memory import memory_bytes
from activities.settings import CACHED_BYTES, Settings, SettingsFault

DATABASE_URL = (
    "PERENNIAL_DATABASE_URL: got {}; takes sqlite:/// and the path of a file, or postgresql://user@host:port/database. "
    "Correct it, or unset it for the default."
)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PERENNIAL_{name.upper()}", raising=False)


def test_the_defaults() -> None:
    settings = Settings.load()
    assert settings.database_url == "sqlite:///var/perennial.db"
    assert settings.tenants_path == Path("var/tenants.db")
    assert (settings.task_queue, settings.periods_per_run) == ("perennial", 5)
    assert settings.busy_timeout == timedelta(seconds=2)


def test_the_files_follow_the_data_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PERENNIAL_DATA_DIR", str(tmp_path))
    settings = Settings.load()
    assert settings.database_url == f"sqlite:///{tmp_path}/perennial.db"
    assert settings.tenants_path == tmp_path / "tenants.db"


def test_what_is_given_goes_before_the_environment_and_nothing_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_TASK_QUEUE", "theirs")
    monkeypatch.setenv("PERENNIAL_PERIODS_PER_RUN", "")
    settings = Settings.load(task_queue="mine")
    assert (settings.task_queue, settings.periods_per_run) == ("mine", 5)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "PERIODS_PER_RUN",
            "x",
            "PERENNIAL_PERIODS_PER_RUN: got 'x'; takes a whole number of billing periods, 1 to 120. "
            "Correct it, or unset it for the default.",
        ),
        ("DATABASE_URL", "mysql://someone:secret@somewhere/books", DATABASE_URL.format("mysql://...")),
        ("DATABASE_URL", "sqlite://", DATABASE_URL.format("sqlite://...")),
        ("DATABASE_URL", "postgresql://someone:secret@somewhere", DATABASE_URL.format("postgresql://...")),
        ("DATABASE_URL", "postgresql://someone:secret@somewhere:port/books", DATABASE_URL.format("postgresql://...")),
        ("DATABASE_URL", "postgresql:/someone:secret@somewhere/books", DATABASE_URL.format("...")),
        ("DATABASE_URL", "books.db", DATABASE_URL.format("'books.db'")),
        (
            "GATEWAY_PORT",
            "65536",
            "PERENNIAL_GATEWAY_PORT: got '65536'; takes the port of the publisher gateway, 0 to 65535; 0 for any free "
            "one. Correct it, or unset it for the default.",
        ),
        (
            "GATEWAY_HOST",
            "http://here",
            "PERENNIAL_GATEWAY_HOST: got http://...; takes the address that the publisher gateway listens on, such as "
            "127.0.0.1; another one only behind TLS. Correct it, or unset it for the default.",
        ),
        (
            "BUSY_TIMEOUT_MS",
            "6000",
            "PERENNIAL_BUSY_TIMEOUT_MS: got '6000'; takes whole milliseconds, 10 to 4900. "
            "Correct it, or unset it for the default.",
        ),
        (
            "CACHED_WORKFLOWS",
            "0",
            "PERENNIAL_CACHED_WORKFLOWS: got '0'; takes a whole number of workflows that a worker keeps in its memory, "
            "from 1. Correct it, or unset it for the default.",
        ),
        (
            "WORKFLOW_TASKS_AT_ONCE",
            "-1",
            "PERENNIAL_WORKFLOW_TASKS_AT_ONCE: got '-1'; takes a whole number of workflow tasks that a worker works "
            "on, 2 to 1000. Correct it, or unset it for the default.",
        ),
        (
            "ACTIVITIES_AT_ONCE",
            "1001",
            "PERENNIAL_ACTIVITIES_AT_ONCE: got '1001'; takes a whole number of activities that a worker works on, "
            "1 to 1000. Correct it, or unset it for the default.",
        ),
        (
            "SPREAD_SECONDS",
            "301",
            "PERENNIAL_SPREAD_SECONDS: got '301'; takes whole seconds, 0 to 300. "
            "Correct it, or unset it for the default.",
        ),
        (
            "POLLERS",
            "1",
            "PERENNIAL_POLLERS: got '1'; takes a whole number of requests for tasks of each kind at a time, 2 to 100. "
            "Correct it, or unset it for the default.",
        ),
    ],
)
def test_a_bad_value_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str) -> None:
    monkeypatch.setenv(f"PERENNIAL_{name}", value)
    with pytest.raises(SettingsFault) as raised:
        Settings.load()
    assert str(raised.value) == line


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:////srv/books.db", "/srv/books.db"),
        ("sqlite:///var/perennial.db", "var/perennial.db"),
        ("postgresql://somewhere/books", "somewhere/books"),
        ("postgres://someone:hunter2@somewhere:5433/books?sslmode=require&password=hunter2", "somewhere:5433/books"),
        ("postgresql+psycopg://someone:s/e:c@[::1]:5432/books", "[::1]:5432/books"),
        ("postgresql://someone@/books?host=/run/postgresql", "/books"),
    ],
)
def test_a_databases_place_is_shown_without_who_signs_in(monkeypatch: pytest.MonkeyPatch, url: str, place: str) -> None:
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", url)
    settings = Settings.load()
    assert (settings.database_url, settings.books_place) == (url, place)
    assert "hunter2" not in repr(settings)
    assert "s/e:c" not in repr(settings)


def test_a_cache_beyond_memory_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's limit counts, where it is less than the machine's memory."""
    monkeypatch.setattr(settings_module, "memory_bytes", lambda: 1024**3)
    room = 1024**3 // CACHED_BYTES
    assert Settings.load(cached_workflows=room).cached_workflows == room
    monkeypatch.setenv("PERENNIAL_CACHED_WORKFLOWS", str(room + 1))
    with pytest.raises(SettingsFault) as fault:
        Settings.load()
    assert str(fault.value) == (
        f"PERENNIAL_CACHED_WORKFLOWS: got '{room + 1}'; takes a whole number of workflows that a worker keeps in its "
        f"memory, 1 to {room:,}: each takes about {CACHED_BYTES // 1024} KB, and there are 1,024 MB. Correct it, or "
        "unset it for the default."
    )


def test_the_memory_is_the_least_that_is_known(tmp_path: Path) -> None:
    whole = memory_bytes(())
    limits = {"none": "max\n", "more": f"{whole * 2}\n", "less": "1048576\n"}
    for name, text in limits.items():
        (tmp_path / name).write_text(text)
    assert memory_bytes((tmp_path / "absent", tmp_path / "none", tmp_path / "more")) == whole
    assert memory_bytes(tuple(tmp_path / name for name in limits)) == 1024**2
