"""PERENNIAL_SECRETS_FILE: what it may hold, and one line for whatever is wrong with it that shows no secret."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from activities.notifications.publishers import Secrets
from activities.settings import Settings, SettingsFault
from domain.faults import LISTED
from hosting.files.secrets import SecretsFile, load_secrets
from tests.support.publisher.records import NEW_SECRET, SECRET

Reading = Callable[[str | bytes], Secrets]


@pytest.fixture
def reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reading:
    """What comes of a file with that content."""
    monkeypatch.chdir(tmp_path)

    def read(content: str | bytes) -> Secrets:
        Path("secrets.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_secrets(Path("secrets.yaml"))

    return read


def faults(reading: Reading, content: str | bytes) -> list[str]:
    with pytest.raises(SettingsFault) as raised:
        reading(content)
    return str(raised.value).splitlines()


def test_secrets_by_name(reading: Reading) -> None:
    secrets = reading(f"contoso-1: {SECRET}\ncontoso-2: {NEW_SECRET}\n")
    assert {name: value.get_secret_value() for name, value in secrets.values.items()} == {
        "contoso-1": SECRET,
        "contoso-2": NEW_SECRET,
    }
    assert load_secrets(None) == reading("{}") == Secrets()


def test_the_setting_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERENNIAL_SECRETS_FILE", raising=False)
    assert Settings.load().secrets_file is None
    monkeypatch.setenv("PERENNIAL_SECRETS_FILE", "etc/secrets.yaml")
    assert Settings.load().secrets_file == Path("etc/secrets.yaml")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "PERENNIAL_SECRETS_FILE: secrets.yaml: got nothing; takes a mapping"),
        ("- a", "PERENNIAL_SECRETS_FILE: secrets.yaml: got a list; takes a mapping"),
        ("contoso:", "secrets.yaml:1: contoso: got nothing; takes text"),
        ("contoso: [a]", "secrets.yaml:1: contoso: got a list; takes text"),
        ("contoso: a", "secrets.yaml:1: contoso: got ...; takes whsec_ and the base64 of 24 to 64 random bytes"),
        (b"contoso: \xff", "PERENNIAL_SECRETS_FILE: secrets.yaml: got ...; takes UTF-8 text (byte 10 is not)"),
        (
            f"a: {SECRET}\na: {SECRET}\n",
            "secrets.yaml:2: a: got it again in line 2; takes one value (line 1)",
        ),
    ],
)
def test_one_line_a_fault(reading: Reading, content: str | bytes, line: str) -> None:
    found = faults(reading, content)
    assert len(found) == 1
    assert found == [line]


@pytest.mark.parametrize(
    "content",
    [
        SECRET,
        f"{SECRET}: 1",
        f"{SECRET.removesuffix('=')}: {SECRET}",
        f"contoso: !{SECRET} x",
        f"contoso: [{SECRET}]",
        f"contoso: {SECRET}=",
        f"contoso: {SECRET.removeprefix('whsec_')}",
        f"contoso: {{a: {SECRET}}}",
        f"contoso: [{SECRET}, {SECRET}\n",
        f"contoso:\n\t- {SECRET}",
    ],
)
def test_a_secret_is_never_shown_wherever_it_came(reading: Reading, content: str) -> None:
    said = faults(reading, content)
    assert said
    assert "QUFB" not in "".join(said)
    assert all("; takes " in line and len(line) < 300 for line in said)


def test_a_changed_file_is_read_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What it lacks is found without a restart; while it is faulty or away, the last secrets hold."""
    path = tmp_path / "secrets.yaml"
    path.write_text(f"contoso-1: {SECRET}\n")
    file = SecretsFile(path)
    assert list(file.now().values) == ["contoso-1"]
    assert file.now() is file.now()
    path.write_text(f"contoso-1: {SECRET}\ncontoso-2: {NEW_SECRET}\n")
    assert list(file.now().values) == ["contoso-1", "contoso-2"]
    for content in (f"contoso-1: {SECRET}x\n", None):
        caplog.clear()
        path.unlink() if content is None else path.write_text(content)
        assert [list(file.now().values) for _ in range(3)] == [["contoso-1", "contoso-2"]] * 3
        (line,) = (record.getMessage() for record in caplog.records)
        assert line.startswith("The secrets stay as they were: ")
        assert "QUFB" not in line
    path.write_text(f"contoso-3: {SECRET}\n")
    assert list(file.now().values) == ["contoso-3"]
    assert SecretsFile(None).now() == Secrets()
    with pytest.raises(SettingsFault):
        SecretsFile(tmp_path)


def test_a_file_that_is_not_there_or_no_file(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    with pytest.raises(SettingsFault) as raised:
        load_secrets(missing)
    assert str(raised.value) == (
        f"PERENNIAL_SECRETS_FILE: {missing}: got nothing; takes a file that can be read (No such file or directory)"
    )
    with pytest.raises(SettingsFault, match=re.escape(f"{tmp_path}: got nothing; takes a regular file")):
        load_secrets(tmp_path)


def test_the_first_faults_are_listed_and_the_others_counted(reading: Reading) -> None:
    found = faults(reading, "".join(f"name-{index}: {SECRET}=\n" for index in range(3000)))
    assert len(found) == LISTED + 1
    assert "QUFB" not in "".join(found)
    assert found[-1] == f"and {3000 - LISTED:,} more faults"
