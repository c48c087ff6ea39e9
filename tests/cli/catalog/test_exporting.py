"""`catalog export`, and an import that takes something away: round trips, and what is asked first."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.catalog import exporting
from tests.support.command_line import Ask, Starter
from tests.support.paths import ROOT
from tests.support.shop.offers import listed_fields

SAMPLE = ROOT / "scenarios" / "catalog.yaml"
PUBLISHER = {"id": "contoso", "url": "https://hooks.contoso.example/p?key=a b".replace(" ", "%20"), "secrets": ["one"]}
ODD = listed_fields(
    id="odd",
    name='Ödd, "quoted"; name',
    countries=["NO", "DE"],
    prices=[{"at": "2090-03-01T00:00:00.000001Z", "unit_price": "0.000001"}],
    max_quantity=7,
)

TAXES = [
    {"country": country, "rates": [{"from": "2007-01-01", "until": "2026-07-01", "rate": "0.2"}, LATER]}
    for country in ("BR", "CA", "CN", "DE", "FR", "GB", "JP", "US")
    for LATER in ({"from": "2026-07-01", "rate": "0"},)
]

Import = Callable[..., str]


@pytest.fixture
def shelf(starter: Starter, migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The command line over an empty database, in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    _another(migrated, tmp_path, monkeypatch, "perennial")
    return Ask(starter)


def _another(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    shutil.copy(migrated, tmp_path / f"{name}.db")
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", f"sqlite:///{tmp_path / name}.db")


@pytest.fixture
def full(shelf: Ask, tmp_path: Path) -> Ask:
    """The same with the sample, a publisher, and an offer with all that is hard to write."""
    shelf.words("catalog", "import", str(SAMPLE))
    _import(shelf, tmp_path, offers=[ODD], publishers=[PUBLISHER], tax_rates=TAXES)
    return shelf


def _import(ask: Ask, tmp_path: Path, *options: str, code: int = 0, **contents: Any) -> str:
    path = tmp_path / "a.yaml"
    path.write_text(json.dumps(contents))
    return ask.words("catalog", "import", str(path), *options, code=code)


@pytest.mark.parametrize(
    "files", ["whole.yaml", "customers.csv offers.csv partners.csv rest.yaml", "offers.csv rest.yml"]
)
def test_an_exported_catalog_imports_into_an_empty_database_and_then_changes_nothing(
    full: Ask, migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: str
) -> None:
    whole = full.json("catalog export")
    assert {kind: len(records) for kind, records in whole.items()} == {
        "partners": 4,
        "customers": 12,
        "offers": 51,
        "publishers": 1,
        "tax_rates": 8,
    }
    said = full.said(f"catalog export {files}")
    assert [line.partition(":")[0] for line in said.splitlines()] == files.split()
    assert "already holds all of it. It stays at version 2." in full.said(f"catalog import {files}")
    _another(migrated, tmp_path, monkeypatch, "empty")
    assert "Imported as version 1: 76 new records." in full.said(f"catalog import {files}")
    assert full.json("catalog export") == whole


def test_on_the_screen_it_is_yaml_in_the_terminals_encoding(full: Ask, tmp_path: Path) -> None:
    (tmp_path / "printed.yaml").write_text(full.said("catalog export"))
    assert "already holds all of it" in full.said("catalog import printed.yaml")


def test_an_empty_catalog_is_an_empty_mapping(shelf: Ask) -> None:
    assert shelf.said("catalog export") == "{}\n"
    assert shelf.said("catalog export offers.csv") == "offers.csv: 0 offers.\n"
    assert "already holds all of it. It stays empty." in shelf.said("catalog import offers.csv")


def test_what_the_files_leave_out_is_said(full: Ask) -> None:
    result = full.whole("catalog export customers.csv")
    assert result.stdout == "customers.csv: 12 customers.\n"
    assert result.stderr.startswith("Left out: 4 partners, 51 offers, 1 publisher, 8 tax rates. Add a file that ends")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ("a.txt", "FILE: got 'a.txt'; takes partners.csv, customers.csv, offers.csv, each once, and a file"),
        ("publishers.csv", "FILE: got 'publishers.csv'; takes partners.csv, customers.csv, offers.csv"),
        ("offers.csv x/../offers.csv", "FILE: got 'offers.csv'; takes"),
        ("a.yaml b.yml", "FILE: got 'several YAML files'; takes one, for all kinds that no CSV file has"),
        ("there.yaml", "FILE: got 'there.yaml'; takes a file that does not exist yet"),
        ("no/where.yaml", "FILE: got 'no/where.yaml'; takes a file in a directory that exists"),
    ],
)
def test_a_file_that_cannot_be_written(full: Ask, tmp_path: Path, files: str, said: str) -> None:
    (tmp_path / "there.yaml").write_text("mine")
    result = full.whole(f"catalog export {files}", code=2)
    assert (result.stdout, result.stderr.splitlines()[0][: len(said)]) == ("", said)
    assert {path.suffix for path in tmp_path.iterdir()} <= {".db", ".yaml"}
    assert (tmp_path / "there.yaml").read_text() == "mine"


def test_a_catalog_that_is_too_large_for_yaml_says_how_it_fits(full: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MAX_YAML_BYTES", 4096)
    said = full.said("catalog export whole.yaml", code=2)
    assert said.startswith("whole.yaml comes to ")
    assert "Export its kinds as CSV: python starter.py catalog export customers.csv offers.csv" in said
    assert not Path("whole.yaml").exists()


def test_a_currency_of_an_add_on_does_not_fit_a_table(shelf: Ask, tmp_path: Path) -> None:
    offer = listed_fields(id="crm", add_ons=[{"id": "backup", "unit_price": "1", "currency": "USD"}])
    _import(shelf, tmp_path, offers=[offer])
    said = shelf.said("catalog export offers.csv", code=1)
    assert said == "Offer crm: a CSV file has no currency of add-ons. Export the offers to a .yaml file.\n"
    shelf.said("catalog export offers.yaml")
    assert "already holds all of it" in shelf.said("catalog import offers.yaml")


# Taking something away


RICH = listed_fields(
    id="crm",
    add_ons=[{"id": "backup", "unit_price": "2.50"}, {"id": "archive", "unit_price": "1"}],
    countries=["DE", "FR"],
    max_quantity=50,
    one_per_customer=True,
    prices=[{"at": "2090-03-01T00:00:00Z", "unit_price": "12"}],
)


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ({"add_ons": [{"id": "archive", "unit_price": "3"}]}, "add-on backup"),
        ({"countries": ["FR", "US"]}, "country DE"),
        ({"countries": None}, "countries DE, FR (then all)"),
        ({"max_quantity": None, "one_per_customer": None}, "max_quantity 50, one_per_customer"),
        ({"prices": None}, "price from 2090-03-01T00:00:00Z"),
        ({"segments": ["commercial"]}, "segment education, segment government, segment nonprofit"),
        ({"transactable": False}, "its sale (transactable: false)"),
        ({"in_programme": False}, "its sale (in_programme: false)"),
    ],
)
def test_an_import_that_takes_something_away_asks_first(
    shelf: Ask, tmp_path: Path, change: dict[str, Any], lost: str
) -> None:
    _import(shelf, tmp_path, offers=[RICH])
    fewer = {field: value for field, value in {**RICH, **change}.items() if value is not None}
    path = tmp_path / "b.yaml"
    path.write_text(json.dumps({"offers": [fewer]}))
    result = shelf.whole(f"catalog import {path}", code=2)
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"offer crm would lose: {lost}",
        "Records in a file replace those in the catalog whole. The import asks first, and there is no terminal to ask "
        "at: add --yes to import it all the same, or add to the files what must stay.",
    ]
    assert f"  loses      offer crm: {lost}\n" in shelf.said(f"catalog check {path}")
    assert shelf.said(f"catalog import {path} --yes").startswith("Imported as version 2")


@pytest.mark.parametrize(
    "change",
    [
        {"max_quantity": 40, "countries": ["DE", "FR", "US"], "name": "New"},
        {"prices": [{"at": "2091-03-01T00:00:00Z", "unit_price": "12"}]},
        {"trial_days": 30},
    ],
)
def test_an_import_that_only_adds_or_changes_does_not_ask(shelf: Ask, tmp_path: Path, change: dict[str, Any]) -> None:
    _import(shelf, tmp_path, offers=[RICH])
    assert _import(shelf, tmp_path, offers=[{**RICH, **change}]).startswith("Imported as version 2")


@pytest.mark.parametrize(("typed", "code", "version"), [("y\n", 0, 2), ("n\n", 1, 1), ("", 1, 1)])
def test_at_a_terminal_it_is_asked(
    shelf: Ask,
    starter: Starter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    code: int,
    version: int,
) -> None:
    monkeypatch.setattr("cli.catalog.importing.at_a_terminal", lambda: True)
    _import(shelf, tmp_path, offers=[RICH])
    path = tmp_path / "b.yaml"
    path.write_text(json.dumps({"offers": [{**RICH, "add_ons": []}]}))
    result = starter("catalog", "import", str(path), typed=typed)
    assert result.exit_code == code, result.output
    assert "offer crm would lose: add-on backup, add-on archive\n" in result.stderr
    assert "Do it? [y/N] " in result.stderr
    assert shelf.json("catalog check b.yaml")["checked_against_version"] == version
