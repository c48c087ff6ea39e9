"""PERENNIAL_PUBLISHERS_FILE: what it may hold, and one line for whatever is wrong with it that shows no secret."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from activities.notifications.publishers import Dialect, Publishers
from activities.settings import Settings, SettingsFault
from domain.faults import LISTED
from domain.notification import DeliveryTerms
from hosting.files.publishers import load_publishers
from tests.support.publisher.records import NEW_SECRET, SECRET

WHOLE = f"""
publishers:
  - id: contoso
    url: https://hooks.contoso.example/perennial
    dialect: microsoft
    secrets: [{SECRET}, {NEW_SECRET}]
    per_second: 20
    at_once: 8
    timeout_seconds: 15
    terms: {{tries: 500, window_hours: 8}}
  - id: fabrikam
    url: http://127.0.0.1:8080/
    allow_http: true
    allow_networks: [127.0.0.0/8]
    secrets:
      - {SECRET}
"""
ONE = "publishers:\n  - id: contoso\n    url: https://hooks.contoso.example/\n    secrets: [{secrets}]\n"

Reading = Callable[[str | bytes], Publishers]


@pytest.fixture
def reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reading:
    """What comes of a file with that content."""
    monkeypatch.chdir(tmp_path)

    def read(content: str | bytes) -> Publishers:
        Path("publishers.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_publishers(Path("publishers.yaml"))

    return read


def faults(reading: Reading, content: str | bytes) -> list[str]:
    with pytest.raises(SettingsFault) as raised:
        reading(content)
    return str(raised.value).splitlines()


def test_a_whole_file(reading: Reading) -> None:
    publishers = reading(WHOLE)
    contoso, fabrikam = publishers.of("contoso"), publishers.of("fabrikam")
    assert contoso is not None
    assert fabrikam is not None
    assert contoso.dialect is Dialect.MICROSOFT
    assert [secret.get_secret_value() for secret in contoso.secrets] == [SECRET, NEW_SECRET]
    assert contoso.terms == DeliveryTerms(tries=500, window_hours=8)
    assert fabrikam.allow_http
    assert str(fabrikam.allow_networks[0]) == "127.0.0.0/8"


def test_without_a_file_nobody_is_told(reading: Reading) -> None:
    assert load_publishers(None) == Publishers()
    assert reading("publishers: []") == Publishers()
    assert reading("{}") == Publishers()


def test_the_setting_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERENNIAL_PUBLISHERS_FILE", raising=False)
    assert Settings.load().publishers_file is None
    monkeypatch.setenv("PERENNIAL_PUBLISHERS_FILE", "etc/publishers.yaml")
    assert Settings.load().publishers_file == Path("etc/publishers.yaml")


def test_every_fault_at_once_each_with_its_line(reading: Reading) -> None:
    content = f"""
publishers:
  - id: con toso
    url: https://someone:word@hooks.contoso.example/?code=topsecret
    dialect: klingon
    secrets: [{SECRET}x]
    per_second: 0
    at_once: many
    terms: {{tries: 0, hours: 8}}
    allow_networks: [10.0.0.1/8]
  - url: http://hooks.fabrikam.example/
    secrets: []
retries: 7
"""
    assert faults(reading, content) == [
        "publishers.yaml:3: publishers[0].id: got 'con toso'; takes 1 to 64 letters, digits, `_` or `-`",
        "publishers.yaml:4: publishers[0].url: got https://...; takes an address such as "
        "https://hooks.contoso.example/perennial, in ASCII, without user, password or fragment",
        "publishers.yaml:5: publishers[0].dialect: got 'klingon'; takes one of perennial or microsoft",
        "publishers.yaml:6: publishers[0].secrets[0]: got ...; takes whsec_ and the base64 of 24 to 64 random bytes",
        "publishers.yaml:7: publishers[0].per_second: got 0; takes 1 or more",
        "publishers.yaml:8: publishers[0].at_once: got 'many'; takes a whole number",
        "publishers.yaml:9: publishers[0].terms.tries: got 0; takes 1 or more",
        "publishers.yaml:9: publishers[0].terms.hours: got ...; takes no such field; the known ones are "
        "tries, window_hours",
        "publishers.yaml:10: publishers[0].allow_networks[0]: got '10.0.0.1/8'; takes a network such as 127.0.0.0/8",
        "publishers.yaml:11: publishers[1].id: got nothing; takes a value; it is required",
        "publishers.yaml:11: publishers[1].url: got http://...; takes https://, or allow_http: true beside it",
        "publishers.yaml:12: publishers[1].secrets: got 0; takes 1 or more entries",
        "publishers.yaml:13: retries: got ...; takes no such field; the known ones are publishers",
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "PERENNIAL_PUBLISHERS_FILE: publishers.yaml: got nothing; takes a mapping"),
        ("- a", "PERENNIAL_PUBLISHERS_FILE: publishers.yaml: got a list; takes a mapping"),
        ("publishers:", "publishers.yaml:1: publishers: got nothing; takes a list"),
        ("publishers: {}", "publishers.yaml:1: publishers: got a mapping; takes a list"),
        ("publishers: [a]", "publishers.yaml:1: publishers[0]: got ...; takes a mapping"),
        (
            b"publishers: \xff",
            "PERENNIAL_PUBLISHERS_FILE: publishers.yaml: got ...; takes UTF-8 text (byte 13 is not)",
        ),
        (
            b"#" * (1024 * 1024 + 1),
            "PERENNIAL_PUBLISHERS_FILE: publishers.yaml: got a larger file; takes at most 1024 KiB",
        ),
        (
            ONE.format(secrets=SECRET) + f"    secrets: [{SECRET}]\n",
            "publishers.yaml:5: publishers[0].secrets: got it again in line 5; takes one value (line 4)",
        ),
        (
            ONE.format(secrets=SECRET) + ONE.format(secrets=SECRET).removeprefix("publishers:\n"),
            "publishers.yaml:2: publishers: got a list; takes every id once; repeated: contoso",
        ),
    ],
)
def test_one_line_a_fault(reading: Reading, content: str | bytes, line: str) -> None:
    assert faults(reading, content) == [line]


@pytest.mark.parametrize(
    "content",
    [
        SECRET,
        f"{SECRET}: 1",
        f"publishers: {SECRET}",
        f"publishers: !{SECRET} x",
        f"publishers: [{SECRET}]",
        f"publishers: [[{SECRET}]]",
        f"publishers: [{{{SECRET}: 1}}]",
        f"publishers: [{{id: {SECRET}=}}]",
        f"publishers: [{{secret: {SECRET}}}]",
        f"publishers: [{{secret: {SECRET.removeprefix('whsec_')}}}]",
        f"publishers: [{{secrets: {SECRET}}}]",
        f"publishers: [{{secrets: {{a: {SECRET}}}}}]",
        f"publishers: [{{secrets: {SECRET.removeprefix('whsec_')}}}]",
        f"publishers: [{{secrets: [{SECRET}, {SECRET}\n",
        f"publishers:\n  - secrets: [{SECRET}]\n secrets: {SECRET}",
        f"publishers:\n\t- secrets: [{SECRET}]",
        f"publishers: [{{url: 'https://hooks.contoso.example/?code={SECRET}#'}}]",
        f"publishers: [{{url: '{SECRET}'}}]",
        ONE.format(secrets=f"{SECRET}, {SECRET}="),
        ONE.format(secrets=", ".join([SECRET] * 6)),
    ],
)
def test_a_secret_is_never_shown_wherever_it_came(reading: Reading, content: str) -> None:
    said = faults(reading, content)
    assert said
    assert "QUFB" not in "".join(said)
    assert all(line.count("; takes ") >= 1 and len(line) < 300 for line in said)


def test_a_file_that_is_not_there_or_no_file(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    with pytest.raises(SettingsFault) as raised:
        load_publishers(missing)
    assert str(raised.value) == (
        f"PERENNIAL_PUBLISHERS_FILE: {missing}: got nothing; takes a file that can be read (No such file or directory)"
    )
    with pytest.raises(SettingsFault, match=re.escape(f"{tmp_path}: got nothing; takes a regular file")):
        load_publishers(tmp_path)


def test_the_first_faults_are_listed_and_the_others_counted(reading: Reading) -> None:
    found = faults(reading, "".join(f"unknown_{index}: {SECRET}\n" for index in range(3000)))
    assert len(found) == LISTED + 1
    assert not [line for line in found if SECRET in line]
    assert found[-1] == f"and {3000 - LISTED:,} more faults"
