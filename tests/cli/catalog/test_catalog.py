"""`catalog` and `customer` over a database of their own: what is said, the exit codes, and what is not done."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from perennial.catalog import browsing
from tests.support.command_line import Ask, Starter
from tests.support.paths import ROOT
from tests.support.shop.offers import listed_fields

SAMPLE = ROOT / "scenarios" / "catalog.yaml"
EMPTY = f"The catalog is empty. Import one: python starter.py catalog import {SAMPLE}\n"
CRM = listed_fields(id="crm")
LATER = [{"at": "2090-03-01T00:00:00Z", "unit_price": "12.00"}]

Written = Callable[..., Path]


@pytest.fixture
def nowhere(starter: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The command line where there is no database yet, in a directory of its own, and no server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", f"sqlite:///{tmp_path / 'perennial.db'}")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    return Ask(starter)


@pytest.fixture
def shelf(nowhere: Ask, migrated: Path, tmp_path: Path) -> Ask:
    """The same over an empty database."""
    shutil.copy(migrated, tmp_path / "perennial.db")
    return nowhere


@pytest.fixture
def full(shelf: Ask) -> Ask:
    """The same, the sample imported."""
    shelf.words("catalog", "import", str(SAMPLE))
    return shelf


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A file of offers; each field that is given changes or adds to the one that there is."""

    def write(*offers: dict[str, Any], **whole: Any) -> Path:
        path = tmp_path / "a.yaml"
        path.write_text(json.dumps({"offers": [{**CRM, **offer} for offer in offers], **whole}, indent=1))
        return path

    return write


# check


def test_files_are_checked_by_themselves_where_there_is_no_database(nowhere: Ask, tmp_path: Path) -> None:
    said = nowhere.words("catalog", "check", str(SAMPLE))
    assert said == "The files have no faults of their own. There is no database yet to check them against.\n"
    assert nowhere.json(f"catalog check {SAMPLE}") == {"checked_against_version": None, "changes": None}
    assert list(tmp_path.iterdir()) == []


def test_a_check_shows_what_an_import_would_change_and_writes_nothing(shelf: Ask, written: Written) -> None:
    shelf.said(f"catalog import {written({})}")
    said = shelf.said(f"catalog check {written({'prices': LATER, 'name': 'CRM'}, {'id': 'erp'})}")
    assert said.splitlines() == [
        "No faults, neither in the files nor against the catalog in the database (version 1). "
        "An import would change: 1 new record, 1 changed record, 1 price change of 1 offer.",
        "  new        1 offer: erp",
        "  changed    offer crm: name: Contoso CRM -> CRM; prices: none -> 2090-03-01T00:00:00Z=12.00",
        "  price      crm from 2090-03-01 00:00 UTC: USD 10.00 -> 12.00 (+2.00)",
    ]
    assert "(version 1). An import would change: nothing." in shelf.said(f"catalog check {written({})}")


def test_a_check_finds_what_only_the_catalog_shows(shelf: Ask, written: Written) -> None:
    shelf.said(f"catalog import {written({})}")
    customer = {"id": "c", "name": "C", "partner": "p", "country": "US", "segment": "education"}
    faulty = written({"term": "P1Y"}, customers=[{**customer, "account_opened": "2026-01-01T00:00:00Z"}])
    result = shelf.whole(f"catalog check {faulty}", code=2)
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"{faulty}:7: offers[0].term: got 'P1Y'; takes P1M, as before, because subscriptions rely on it; "
        "for other terms, add an offer with another id",
        f"{faulty}:17: customers[0].partner: got 'p'; takes the id of a partner in the import or in the catalog",
    ]


# import


def test_an_import_says_its_version_and_the_same_again_changes_nothing(shelf: Ask) -> None:
    said = shelf.words("catalog", "import", str(SAMPLE)).splitlines()
    assert said[0] == "Imported as version 1: 66 new records."
    assert [line.partition(":")[0].split() for line in said[1:]] == [
        ["new", "4", "partners"],
        ["new", "12", "customers"],
        ["new", "50", "offers"],
    ]
    assert said[-1].endswith(" and 30 more")
    again = shelf.words("catalog", "import", str(SAMPLE))
    assert again == "The catalog already holds all of it. It stays at version 1.\n"


def test_prices_that_concern_nobody_need_no_server(shelf: Ask, written: Written) -> None:
    shelf.said(f"catalog import {written({})}")
    document = shelf.json(f"catalog import {written({'prices': LATER})}")
    assert (document["version"], document["to_tell"], document["told"]) == (2, 0, None)
    assert document["changes"]["prices"] == [
        {"offer": "crm", "at": "2090-03-01T00:00:00Z", "currency": "USD", "before": "10.00", "after": "12.00"}
    ]


def test_a_refused_import_writes_nothing(shelf: Ask, written: Written) -> None:
    shelf.said(f"catalog import {written({})}")
    faulty = written({"name": "New"}, {"id": "new"}, {"id": "bad", "unit_price": 1.5})
    result = shelf.whole(f"catalog import {faulty}", code=2)
    assert result.stdout == ""
    line = f'{faulty}:28: offers[2].unit_price: got 1.5; takes digits in a string, such as "30.00", or an integer'
    assert result.stderr.startswith(line)
    assert [offer["name"] for offer in shelf.json("catalog list")] == ["Contoso CRM"]


def test_buy_5_a_price_that_has_begun_stays(shelf: Ask, written: Written) -> None:
    shelf.said(f"catalog import {written({})}")
    said = shelf.said(f"catalog import {written({'unit_price': '11.00'})}", code=2)
    assert said.endswith(
        "a.yaml:10: offers[0].unit_price: got '11.00'; takes 10.00, as before; "
        "for a new price, add an entry to `prices` with the instant it starts\n"
    )


def test_an_import_needs_a_database(nowhere: Ask, tmp_path: Path) -> None:
    said = nowhere.words("catalog", "import", str(SAMPLE), code=1)
    yet = f"There is no database at {tmp_path / 'perennial.db'} yet."
    step = "Either start a worker with a server of its own or create it now: python starter.py setup"
    assert said == f"{yet} {step}\n"


@pytest.mark.parametrize(
    "key",
    [
        "a'b",
        'a"b',
        "../../etc/passwd",
        "a\nb",
        "a\x00b",
        "\x1b[31m",
        "a\u202eb",
        "x" * 10_000,
        "x' OR OfferId = 'y",
        "",
    ],
)
def test_an_id_of_a_file_that_is_none(shelf: Ask, written: Written, key: str) -> None:
    said = shelf.said(f"catalog import {written({'id': key})}", code=2)
    assert "offers[0].id: got " in said
    assert said.endswith("takes 1 to 64 letters, digits, `_` or `-`\n")


@pytest.mark.parametrize("key", ["a\nb", "\x1b[31m", "a\u202eb", "x" * 1_000, "x' OR OfferId = 'y"])
def test_a_field_that_is_none(shelf: Ask, written: Written, key: str) -> None:
    said = shelf.said(f"catalog import {written({key: 1})}", code=2)
    assert said.endswith("got 1; takes no such field; the known ones are in docs/catalog.md\n")


def test_a_name_that_steers_a_terminal_is_refused_harmlessly(shelf: Ask, written: Written) -> None:
    said = shelf.said(f"catalog import {written({'name': 'red ' + chr(27) + '[31m' + chr(0x202E)})}", code=2)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "name: got 'red \\x1b[31m\\u202e'; takes printable characters" in said
    assert shelf.said("catalog list") == EMPTY


# list


def test_an_empty_catalog_says_what_to_do(shelf: Ask) -> None:
    assert shelf.said("catalog list") == EMPTY
    assert (
        shelf.said("catalog show crm", code=1)
        == "The catalog is empty. Import one: python starter.py catalog import FILE\n"
    )
    assert shelf.json("catalog list") == []
    assert f"catalog import {SAMPLE}" in shelf.said("customer list")


def test_the_list_has_a_line_for_each_offer(full: Ask) -> None:
    said = full.said("catalog list").splitlines()
    assert max(map(len, said)) <= 120
    assert said[0].split() == ["ID", "NAME", "KIND", "PRICE", "TERM", "TRIAL"]
    assert next(line for line in said if line.startswith("fabrikam-mail ")).split() == [
        *("fabrikam-mail", "Fabrikam", "Mail", "partner", "license", "small", "business"),
        *("EUR", "7.35", "P1M", "monthly", "30", "d"),
    ]


def test_pages_follow_each_other(full: Ask) -> None:
    found: list[str] = []
    option = ""
    while True:
        result = full.whole(f"catalog list --customer bellows-college --limit 7 --json{option}")
        found += [offer["id"] for offer in json.loads(result.stdout)]
        if not result.stderr:
            break
        assert result.stderr == f"There are more: --after {found[-1]}\n"
        option = f" --after {found[-1]}"
    assert found == [offer["id"] for offer in full.json("catalog list --customer bellows-college --limit 100")]
    assert found == sorted(found)
    assert len(found) == 34


def test_a_catalog_is_looked_at_in_batches(full: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = full.json("catalog list --customer first-up --limit 100")
    monkeypatch.setattr(browsing, "BATCH", 3)
    assert full.json("catalog list --customer first-up --limit 100") == whole
    assert len(full.json("catalog list --customer first-up --explain --limit 100")) == 50
    assert len(full.json("catalog list --limit 40")) == 40


def test_the_last_page_is_told_apart_from_a_full_one(full: Ask) -> None:
    assert "There are more" in full.whole("catalog list --limit 49").stderr
    assert full.whole("catalog list --limit 50").stderr == ""


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ("--publisher microsoft --billing-type usage --after container-service", ["network", "node-pool", "storage"]),
        ("--category trial", ["fabrikam-taste", "office-trial"]),
        ("--category trial --publisher partner", ["fabrikam-taste"]),
        ("--one-per-customer --category small_business", ["trey-forms"]),
        ("--customer lamna --one-per-customer --publisher partner", ["fabrikam-taste", "trey-forms", "wingtip-crm"]),
        ("--customer fabrikam --one-per-customer --category small_business", []),
        ("--customer proseware --publisher partner --category small_business --after fabrikam", [
            "fabrikam-mail", "northwind-stock", "wingtip-pos",
        ]),
    ],
)  # fmt: skip
def test_cat_2_filters_compose(full: Ask, options: str, ids: list[str]) -> None:
    assert [offer["id"] for offer in full.json(f"catalog list {options}")] == ids


def test_elg_9_what_is_hidden_is_explained(full: Ask) -> None:
    said = full.said("catalog list --customer lamna --publisher partner --category small_business --explain")
    assert max(map(len, said.splitlines())) <= 100
    shown, hidden = said.split("\n\n")
    assert [line.split()[0] for line in shown.splitlines()] == [
        *("ID", "contoso-desk", "fabrikam-mail", "fabrikam-sign", "northwind-stock", "trey-forms")
    ]
    assert hidden.splitlines()[:2] == ["1 offer hidden:", "wingtip-pos  Wingtip Counter"]
    assert hidden.splitlines()[2].startswith("  ELG-3, not in the customer's country: ")
    found = {offer["id"]: offer for offer in full.json("catalog list --customer lamna --explain")}
    rules = {key: [refusal["rule"] for refusal in offer["refusals"]] for key, offer in found.items()}
    assert len(found) == 50
    assert {key: rules[key] for key in ("contoso-crm", "fabrikam-shop", "tailspin-lease", "contoso-meter")} == {
        "contoso-crm": [],
        "fabrikam-shop": ["ELG-4"],
        "tailspin-lease": ["ELG-5"],
        "contoso-meter": ["ELG-7"],
    }
    assert rules["lucerne-press"] == ["ELG-6"]
    assert rules["office-gov"] == ["ELG-8"]
    assert all(refusal["message"] and refusal["next_step"] for o in found.values() for refusal in o["refusals"])
    assert all(offer["available"] is not bool(offer["refusals"]) for offer in found.values())


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("catalog list --explain", 2, "--explain: got no customer; takes --customer ID too"),
        ("catalog list --customer nobody", 1, "There is no customer nobody. Import the customer's record first"),
        ("catalog list --customer x'y", 2, '--customer: got "x\'y"; takes 1 to 64 letters'),
        ("catalog list --after ../x", 2, "--after: got '../x'; takes 1 to 64 letters"),
        ("catalog list --limit 0", 2, "--limit: got '0'; takes 1 or more"),
        ("catalog list --publisher me", 2, "--publisher: got 'me'; takes one of microsoft, partner"),
        ("catalog list --billing-type x", 2, "--billing-type: got 'x'; takes one of license, usage"),
        ("catalog list --category x", 2, "--category: got 'x'; takes one of enterprise, small_business, trial"),
        (
            "catalog show nothing",
            1,
            "There is no offer nothing in the catalog. "
            "Choose an offer from the catalog: python starter.py catalog list",
        ),
        ("catalog show contoso-crm --customer nobody", 1, "There is no customer nobody."),
        ("catalog show a/b", 2, "OFFER: got 'a/b'; takes 1 to 64 letters"),
        ("catalog import", 2, "Missing argument 'FILE...'"),
        ("catalog check nowhere.yaml", 2, "nowhere.yaml: got nothing; takes a file that can be read (No such file"),
        ("customer show nobody", 1, "There is no customer nobody."),
        ("customer show a\u202eb", 2, "CUSTOMER: got 'a\\u202eb'; takes 1 to 64 letters"),
        ("customer list --partner a/b", 2, "--partner: got 'a/b'; takes 1 to 64 letters"),
        ("customer list --limit x", 2, "--limit: got 'x'; takes a whole number"),
    ],
)
def test_one_line_says_what_is_wrong(full: Ask, line: str, code: int, said: str) -> None:
    assert said in full.said(line, code=code)


# show


def test_everything_of_an_offer(full: Ask) -> None:
    assert full.said("catalog show proseware-hr --customer first-up").splitlines()[:-1] == [
        "proseware-hr  Proseware HR",
        "  publisher  partner, proseware",
        "  type       license, enterprise",
        "  term       P1Y, billed annual",
        "  quantity   1 to 10,000",
        "  trial      14 days, free",
        "  set-up     by the publisher, at https://proseware.example/hr/begin",
        "  policy     csp-2019",
        "  price      USD 132.00 per unit",
        "  add-on     payroll-link, USD 12.00 per unit",
        "  sold to    all segments",
        "             customers in US, CA, GB, DE, FR, JP, BR only (ELG-3)",
        "  customer   First Up Consultants cannot buy it:",
    ]


def test_prices_that_come_and_prices_that_were(shelf: Ask, written: Written) -> None:
    prices = [{"at": "2020-01-01T00:00:00Z", "unit_price": "11.00"}, *LATER]
    shelf.said(f"catalog import {written({'prices': prices})}")
    said = shelf.said("catalog show crm").splitlines()
    start = said.index("  price      USD 11.00 per unit")
    assert said[start + 1 : start + 4] == [
        "             at first USD 10.00",
        "             since 2020-01-01 00:00 UTC USD 11.00",
        "             from 2090-03-01 00:00 UTC USD 12.00",
    ]
    assert shelf.json("catalog show crm")["price_now"] == "11.00"
    assert "USD 11.00" in shelf.said("catalog list")


def test_whether_a_customer_can_buy_it(full: Ask) -> None:
    said = full.said("catalog show office-suite --customer fabrikam")
    assert said.splitlines()[-1] == (
        "  customer   Fabrikam Residences can buy it now: python starter.py cart add office-suite --customer fabrikam"
    )
    document = full.json("catalog show container-service --customer fabrikam")
    assert (document["available"], [refusal["rule"] for refusal in document["refusals"]]) == (False, ["ELG-6"])
    assert "available" not in full.json("catalog show container-service")


# customer


def test_customers(full: Ask) -> None:
    said = full.said("customer list --partner coho").splitlines()
    assert [line.split()[0] for line in said] == ["ID", "city-power", "vanarsdel"]
    result = full.whole("customer list --limit 2")
    assert result.stderr == "There are more: --after bellows-college\n"
    assert full.json("customer list --after vanarsdel")[0]["id"] == "wide-world"
    assert full.said("customer show vanarsdel").splitlines() == [
        "vanarsdel  VanArsdel, Ltd.",
        "  partner    coho, Coho Cloud",
        "  country    CA",
        "  segment    government",
        "  account    opened 2026-05-11 13:00:00 UTC",
        "  has        no subscriptions yet",
        "  can buy    python starter.py catalog list --customer vanarsdel",
    ]
    assert full.json("customer show vanarsdel")["subscriptions"] == {}
