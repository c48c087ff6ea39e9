"""Catalog files: YAML and CSV say the same, and whatever is wrong is one line with its place."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.catalog.csv import LISTS, MODELS, PRICED
from cli.catalog.file import read_catalog
from cli.failure import ExitCode, Misused
from domain.calendar import BillingPlan, TermLength
from domain.catalog.catalog import Contents
from domain.catalog.customers import Segment
from domain.catalog.offers import BillingType, Category, Publisher
from domain.faults import LISTED
from domain.policy import PACKS
from tests.support.paths import ROOT
from tests.support.publisher.endpoint import SECRET

SAMPLE = ROOT / "scenarios" / "catalog.yaml"
GUIDE = ROOT / "docs" / "catalog.md"
OFFER = 'id: crm, name: CRM, vendor: contoso, term: P1M, billing_plan: monthly, currency: USD, unit_price: "10.00"'
COLUMNS = "id,name,vendor,term,billing_plan,currency,unit_price"
CELLS = "crm,CRM,contoso,P1M,monthly,USD,10.00"

Written = Callable[[str, str | bytes], Path]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    """A file of that name and content, in the current directory."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: str | bytes) -> Path:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return Path(name)

    return write


def lines(*files: Path) -> tuple[str, ...]:
    """The faults, all in one go."""
    with pytest.raises(Misused) as caught:
        read_catalog(files)
    assert caught.value.code is ExitCode.USAGE
    assert not [line for line in caught.value.lines if "\n" in line]
    return caught.value.lines


# What is taken


def test_the_sample_has_every_kind_without_a_fault() -> None:
    sample = read_catalog([SAMPLE]).contents
    offers, customers = sample.offers, sample.customers
    assert (len(offers) >= 40, len(sample.partners) >= 3, len(customers) >= 8) == (True, True, True)
    assert {customer.segment for customer in customers} == set(Segment)
    assert len({customer.country for customer in customers}) >= 5
    assert {customer.partner for customer in customers} == {partner.id for partner in sample.partners}
    assert {offer.publisher for offer in offers} == set(Publisher)
    assert {offer.billing_type for offer in offers} == set(BillingType)
    assert {offer.category for offer in offers} == set(Category)
    assert {offer.term for offer in offers} == set(TermLength)
    assert {offer.billing_plan for offer in offers} == set(BillingPlan)
    assert {"USD", "EUR", "JPY"} < {offer.currency for offer in offers}
    assert {offer.policy for offer in offers} == set(PACKS)
    assert {segment for offer in offers if len(offer.segments) < 4 for segment in offer.segments} == set(Segment)
    isv = [offer for offer in offers if offer.marketplace]
    for rule, found in {
        "ELG-1": [offer for offer in offers if offer.one_per_customer],
        "ELG-3": [offer for offer in isv if offer.countries],
        "ELG-4": [offer for offer in isv if not offer.in_programme],
        "ELG-5": [offer for offer in isv if offer.exclusive_to],
        "ELG-6": [offer for offer in offers if not offer.transactable],
        "ELG-7": [offer for offer in isv if offer.metered],
        "ISV-4": [offer for offer in isv if offer.setup_url],
        "TRI-1": [offer for offer in offers if offer.trial_days],
        "BUY-4": [offer for offer in offers if offer.add_ons],
        "BUY-5": [offer for offer in offers if offer.prices],
    }.items():
        assert len(found) >= 2, rule


def test_the_sample_keeps_what_readers_and_tests_buy() -> None:
    offers = {offer.id: offer for offer in read_catalog([SAMPLE]).contents.offers}
    prices = {
        "contoso-crm": "USD 10.00",
        "contoso-erp": "USD 720.00",
        "contoso-erp-monthly": "USD 62.00",
        "fabrikam-mail": "EUR 7.35",
        "wingtip-crm": "JPY 980",
        "tailspin-vault": "EUR 1850.00",
        "office-suite": "USD 12.50",
        "compute": "USD 0.25",
    }
    assert {key: f"{offers[key].currency} {offers[key].unit_price}" for key in prices} == prices
    assert offers["contoso-crm"].max_quantity == 500
    assert [offers[key].prices for key in prices] == [()] * 8


def cell(value: object) -> str:
    """A field as a table writes it."""
    if isinstance(value, list):
        return ";".join(cell(entry) for entry in value)
    if isinstance(value, dict):
        return f"{value.get('id') or value['at']}={value['unit_price']}"
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def table(kind: str, contents: Contents) -> str:
    """All the records of a kind as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(MODELS[kind].model_fields))
    writer.writeheader()
    for record in getattr(contents, kind):
        writer.writerow({name: cell(value) for name, value in record.model_dump(mode="json").items()})
    return text.getvalue()


def test_three_tables_say_the_same_as_one_yaml(written: Written) -> None:
    sample = read_catalog([SAMPLE]).contents
    files = [written(f"{kind}.csv", table(kind, sample)) for kind in MODELS]
    assert read_catalog(files).contents == sample


@pytest.mark.parametrize("kind", MODELS)
def test_a_table_of_any_name_is_known_by_its_columns(written: Written, kind: str) -> None:
    sample = read_catalog([SAMPLE]).contents
    found = read_catalog([written("export 2027.CSV", table(kind, sample))]).contents
    assert getattr(found, kind) == getattr(sample, kind)


def test_the_guide_tells_files_that_are_taken(written: Written) -> None:
    """Its YAML and its three tables are the same catalog, its last YAML changes the price of it, another taxes it."""
    guide = GUIDE.read_text("utf-8")
    whole, taxes, dearer = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    tables = re.findall(r"```csv\n(.*?)```", guide, re.DOTALL)
    assert len(tables) == 3
    files = [written(f"{number}.csv", text) for number, text in enumerate(tables)]
    assert read_catalog(files).contents == read_catalog([written("whole.yaml", whole)]).contents
    assert len(read_catalog([written("dearer.yaml", dearer)]).contents.offers[0].prices) == 2
    assert [each.id for each in read_catalog([written("taxes.yaml", taxes)]).contents.tax_rates] == [
        *("DE/standard", "DE/reduced", "FR/standard", "US/standard"),
    ]


def test_the_guide_has_every_field() -> None:
    guide = GUIDE.read_text("utf-8")
    named = set(re.findall(r"`([a-z_]+)`", guide))
    assert {name for model in MODELS.values() for name in model.model_fields} <= named
    assert LISTS | set(PRICED) <= named


@pytest.mark.parametrize(
    "text",
    [
        f"{COLUMNS}\r\n{CELLS}\r\n",
        f"\ufeff{COLUMNS}\n{CELLS}",
        f"\n{COLUMNS}\n\n{CELLS}\n,,,,,,\n",
        f" {COLUMNS.replace(',', ' , ')}\n {CELLS.replace(',', ' , ')} \n",
        f'{COLUMNS}\n"{CELLS.replace(",", chr(34) + "," + chr(34))}"\n',
    ],
)
def test_marks_line_ends_and_blanks_do_no_harm(written: Written, text: str) -> None:
    (offer,) = read_catalog([written("offers.csv", text)]).contents.offers
    assert (offer.id, f"{offer.unit_price}") == ("crm", "10.00")


def test_a_list_without_entries_is_none(written: Written) -> None:
    assert read_catalog([written("a.yaml", "offers:\npartners: []\n")]).contents == Contents()
    assert read_catalog([written("partners.csv", "id,name\n")]).contents == Contents()


# What is wrong


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("unit_price: 10.0", 'unit_price: got 10.0; takes digits in a string, such as "30.00", or an integer'),
        ("unit_price: 1e3", "unit_price: got '1e3'; takes digits in a string"),
        ("unit_price: .nan", "unit_price: got '.nan'; takes text (in quotes)"),
        ('unit_price: "NaN"', "unit_price: got 'NaN'; takes digits in a string"),
        ("unit_price: .inf", "unit_price: got '.inf'; takes text (in quotes)"),
        ('unit_price: "-5"', "unit_price: got '-5'; takes digits in a string"),
        ('unit_price: "0.1234567"', "unit_price: got '0.1234567'; takes at most 6 decimals (MON-12)"),
        ("unit_price: true", "unit_price: got True; takes digits in a string"),
        ("unit_price: [1]", "unit_price: got [1]; takes digits in a string"),
        ("unit_price: null", "unit_price: got nothing; takes digits in a string"),
        ("name: 5", "name: got 5; takes text"),
        ("id: 7", "id: got 7; takes text"),
        ("id: \"x' OR OfferId = 'y\"", "id: got \"x' OR OfferId = 'y\"; takes 1 to 64 letters"),
        ("id: ../etc/passwd", "id: got '../etc/passwd'; takes 1 to 64 letters"),
        ('id: "a\\nb"', "id: got 'a\\nb'; takes 1 to 64 letters"),
        ('id: "a\\0b"', "id: got 'a\\x00b'; takes 1 to 64 letters"),
        (f"id: {'x' * 10_000}", f"id: got '{'x' * 76}...; takes 1 to 64 letters"),
        ('? "x\\ny"\n   : 1', "x\ny: got 1; takes no such field"),
        ("colour: blue", "colour: got 'blue'; takes no such field; the known ones are in docs/catalog.md"),
        ("term: P2M", "term: got 'P2M'; takes one of P1M, P1Y, P2Y or P3Y"),
        ("countries: [NO]", "countries[0]: got False; takes text"),
        ("trial_days: 1.5", "trial_days: got 1.5; takes a whole number"),
        ("vendor: null", "vendor: got nothing; takes the id of the publisher"),
    ],
)
def test_one_field_of_yaml(written: Written, change: str, line: str) -> None:
    field = change.partition(":")[0]
    kept = [part for part in OFFER.split(", ") if not part.startswith(f"{field}:")]
    file = written(
        "a.yaml", f"offers:\n - {{{OFFER.replace('id: crm', 'id: erp')}}}\n - {{{', '.join([*kept, change])}}}"
    )
    with pytest.raises(Misused) as caught:
        read_catalog([file])
    (found,) = caught.value.lines
    assert re.fullmatch(r"a\.yaml:[34]: offers\[1\]\..*", found, re.DOTALL)
    assert found.partition("offers[1].")[2].startswith(line)


def test_missing_fields_are_each_a_line(written: Written) -> None:
    found = lines(written("a.yaml", "offers:\n  - id: crm\n    unit_price: 1\n  - {}\n"))
    missing = ["term", "billing_plan", "currency", "name"]
    assert [line.split(": ")[:2] for line in found] == [
        *(["a.yaml:2", f"offers[0].{field}"] for field in missing),
        *(
            ["a.yaml:4", f"offers[1].{field}"]
            for field in ["id", "term", "billing_plan", "currency", "unit_price", "name"]
        ),
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "a.yaml: got nothing; takes a mapping with any of partners, customers, offers"),
        ("# nothing\n", "a.yaml: got nothing; takes a mapping"),
        ("{}", "a.yaml: got nothing; takes a mapping"),
        ("- 1", "a.yaml: got [1]; takes a mapping"),
        ("just text", "a.yaml: got 'just text'; takes a mapping"),
        ("offers: {a: 1}", "a.yaml:1: offers: got {'a': 1}; takes a list"),
        ("\nofers: []", "a.yaml:2: ofers: got []; takes no such field; the known ones are in docs/catalog.md"),
        ("offers:\n - crm", "a.yaml:2: offers[0]: got 'crm'; takes a mapping"),
        ("partners:\n - null", "a.yaml:2: partners[0]: got nothing; takes a mapping"),
        ("partners:\n - {id: a,\n    name: A, id: b}", "a.yaml:3: partners[0].id: got 'it again in line 3'; takes one"),
        ("a: [1\nb: 2", "a.yaml:2: column 2: got 'b: 2'; takes YAML (expected ',' or ']', but got ':')"),
        ("partners: !!python/object:os.system x", "a.yaml:1: partners: got 'x'; takes text (in quotes)"),
        ("[" * 5_000, "a.yaml: got nothing; takes values nested at most 32 deep"),
        (b"\x00\x01\xff", "a.yaml: got b'\\xff'; takes UTF-8 text (byte 3 is not)"),
        (b"#" * (4 * 1024 * 1024 + 1), "a.yaml: got 'a larger file'; takes at most 4096 KiB"),
    ],
)
def test_one_line_for_a_file_of_yaml(written: Written, content: str | bytes, line: str) -> None:
    (found,) = lines(written("a.yaml", content))
    assert found.startswith(line)


def test_a_small_file_cannot_unfold_into_a_huge_one(written: Written) -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9))
    assert "takes at most 1000000 values in a file" in "".join(lines(written("a.yaml", f"l0: &l0 [1]\n{levels}")))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", ["a.csv: got nothing; takes a line with the column names, then one line per record"]),
        ("\ufeff", ["a.csv: got nothing; takes a line with the column names, then one line per record"]),
        ("id;name\np;x", ["a.csv:1: columns: got 'id;name'; takes column names separated by commas"]),
        (
            "id,name,color\np,x,y",
            [
                "a.csv:1: color: got 'color'; takes a column of partners: id, name, street, postal_code, city, region, "
                "country, tax_id, how_to_pay, tax_rounding"
            ],
        ),
        ("id,name,id\np,x,p", ["a.csv:1: id: got '2 columns'; takes each column once"]),
        (
            "id,segment\np,commercial",
            [
                f"a.csv:1: {name}: got nothing; takes a column; it is required"
                for name in ("name", "partner", "country", "account_opened")
            ],
        ),
        ("id,name\np", ["a.csv:2: cells: got 1; takes 2, one per column"]),
        ("id,name\np,x,y\nq,z", ["a.csv:2: cells: got 3; takes 2, one per column"]),
        ('id,name\n"p,x', ["a.csv:2: row: got nothing; takes CSV (unexpected end of data)"]),
        ('id,name\n\n"p"x,y', ["a.csv:3: row: got nothing; takes CSV (',' expected after '\"')"]),
        ("id,name\np,\nq,z", ["a.csv:2: name: got nothing; takes a value; it is required"]),
        (
            'id,name\np,"two\nlines"\nr/,x',
            [
                "a.csv:2: name: got 'two\\nlines'; takes printable characters, without spaces at the start or the end",
                "a.csv:4: id: got 'r/'; takes 1 to 64 letters, digits, `_` or `-`",
            ],
        ),
        ("id,name\np,x\nq,y\np,z", ["a.csv:4: id: got 'p'; takes an id that none of the partners before it has"]),
        (b"id,name\n\xff,x", ["a.csv: got b'\\xff'; takes UTF-8 text (byte 9 is not)"]),
        (b"," * (16 * 1024 * 1024 + 1), ["a.csv: got 'a larger file'; takes at most 16384 KiB"]),
        (
            f"id,name\n{'x' * 200_000},y",
            ["a.csv:2: row: got nothing; takes CSV (field larger than field limit (131072))"],
        ),
    ],
)
def test_a_table(written: Written, content: str | bytes, found: list[str]) -> None:
    assert list(lines(written("a.csv", content))) == found


@pytest.mark.parametrize(
    ("column", "text", "line"),
    [
        ("add_ons", "backup=2.50;archive", "add_ons[1]: got 'archive'; takes ID=PRICE, such as backup=2.50"),
        ("add_ons", "backup=-1", "add_ons[0].unit_price: got '-1'; takes digits in a string"),
        ("prices", "2027-01-01T00:00:00Z=1;=3", "prices[1]: got '=3'; takes INSTANT=PRICE, separated by `;`"),
        ("prices", "2027-01-01=3", "prices[0].at: got '2027-01-01'; takes an ISO 8601 instant"),
        ("trial_days", "1.5", "trial_days: got '1.5'; takes a whole number"),
        ("one_per_customer", "yes", "one_per_customer: got 'yes'; takes true or false"),
        ("countries", "US;;DE", "countries[1]: got ''; takes a two-letter ISO 3166 country code"),
        ("segments", "commercial,education", "segments[0]: got 'commercial,education'; takes one of commercial"),
    ],
)
def test_one_cell(written: Written, column: str, text: str, line: str) -> None:
    (found,) = lines(written("a.csv", f'{COLUMNS},{column}\n{CELLS},"{text}"\n'))
    assert found.startswith(f"a.csv:2: {line}")


@pytest.mark.parametrize("price", ["1e3", "NaN", "-5", "10.0000001", '"1,000.00"', "ten", "USD 10"])
def test_a_price_in_a_cell(written: Written, price: str) -> None:
    (found,) = lines(written("offers.csv", f"{COLUMNS}\n{CELLS.replace('10.00', price)}\n"))
    assert found.startswith(f"offers.csv:2: unit_price: got {price.strip(chr(34))!r}; takes ")


def test_all_faults_of_all_files_in_their_order(written: Written) -> None:
    first = written(
        "b.yaml", f"offers:\n- {{{OFFER}, term: P9}}\ncustomers:\n- {{id: c}}\npartners:\n- {{id: p, name: P}}"
    )
    second = written("a.csv", "id,name\nq,Q\np,again\n/,x\n")
    found = [line.split(": ")[:2] for line in lines(first, second)]
    customer = [
        ["b.yaml:4", f"customers[0].{name}"] for name in ("name", "partner", "country", "segment", "account_opened")
    ]
    assert found == [["b.yaml:2", "offers[0].term"], *customer, ["a.csv:3", "id"], ["a.csv:4", "id"]]


def test_faults_of_one_line_are_listed_in_its_order(written: Written) -> None:
    late = OFFER.replace("name: CRM", "name: 5").replace("term: P1M", "term: P9").replace("id: crm", "x: 1, id: 7")
    found = lines(written("a.yaml", f"offers: [{{{late}, countries: [no]}}]"))
    assert [line.split(": ")[1].partition(".")[2] for line in found] == ["x", "id", "name", "term", "countries[0]"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    found = lines(tmp_path, tmp_path / "nowhere.csv", tmp_path / "nowhere.yaml")
    assert [line.removeprefix(str(tmp_path)) for line in found] == [
        ": got nothing; takes a regular file",
        "/nowhere.csv: got nothing; takes a file that can be read (No such file or directory)",
        "/nowhere.yaml: got nothing; takes a file that can be read (No such file or directory)",
    ]


@pytest.mark.parametrize("name", ["x" * 10_000 + ".yaml", "x" * 10_000 + ".csv"])
def test_a_name_that_no_file_can_have_is_a_fault_of_the_file(name: str) -> None:
    with pytest.raises(Misused) as caught:
        read_catalog([Path(name)])
    assert "takes a file that can be read (File name too long)" in str(caught.value)


# Very many faults


@pytest.mark.parametrize(
    ("name", "content", "faults"),
    [
        ("c.yaml", "".join(f"unknown_{index}: x\n" for index in range(3000)), 3000),
        ("offers.csv", f"{COLUMNS},{','.join(f'unknown_{index}' for index in range(3000))}\n{CELLS}\n", 3000),
        ("offers.csv", f"{COLUMNS}\n" + "crm\n" * 3000, 3000),
        ("offers.csv", f"{COLUMNS}\n" + f"{CELLS}\n" * 3000, 2999),
    ],
    ids=["unknown fields", "unknown columns", "short rows", "repeated ids"],
)
def test_the_first_faults_are_listed_and_the_others_counted(
    written: Written, name: str, content: str, faults: int
) -> None:
    found = lines(written(name, content))
    assert len(found) == LISTED + 1
    assert all(re.match(rf"{re.escape(name)}:\d+: ", line) for line in found[:-1])
    assert found[-1] == f"and {faults - LISTED:,} more faults"


# Publishers


PUBLISHER = "publishers:\n- {id: contoso, url: 'https://hooks.contoso.example/', secrets: [contoso-1]%s}\n"


def test_publishers_are_in_yaml(written: Written) -> None:
    (publisher,) = read_catalog([written("a.yaml", PUBLISHER % ", active: false")]).contents.publishers
    assert (publisher.id, publisher.secrets, publisher.active) == ("contoso", ("contoso-1",), False)


@pytest.mark.parametrize(
    "wrong",
    [
        "secrets: [whsec_QUFBQUFB]",
        "secrets: [QUFBQUFB+/=]",
        "secrets: [[QUFB]]",
        "secrets: {a: QUFB}",
        "secrets: QUFB",
        "secret: QUFBQUFB",
        "whsec_QUFB: 1",
        "url: 'https://hooks.contoso.example/?code=QUFB#'",
        "url: 'https://someone:QUFB@hooks.contoso.example/'",
        "id: whsec_QUFB=",
        "dialect: whsec_QUFB",
        "terms: {tries: whsec_QUFB}",
    ],
)
def test_a_publishers_secret_in_the_wrong_place_is_refused_and_not_shown(written: Written, wrong: str) -> None:
    field = wrong.partition(":")[0]
    fields = {"id": "contoso", "url": "'https://hooks.contoso.example/'", "secrets": "[contoso-1]"}
    lines = "".join(f"  {name}: {value}\n" for name, value in fields.items() if name != field)
    with pytest.raises(Misused) as refused:
        read_catalog([written("a.yaml", f"publishers:\n-\n{lines}  {wrong}\n")])
    assert "QUFB" not in str(refused.value)
    assert "takes" in str(refused.value)


ADDRESS = (
    "takes an address such as https://hooks.contoso.example/perennial, in ASCII, without user, password or fragment"
)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("active: true", "activ: true"), "activ: got ...; takes no such field; the known ones are in docs/catalog.md"),
        (("https://hooks", "ftp://hooks"), f"url: got ftp://...; {ADDRESS}"),
        (("https://hooks", "http://hooks"), "url: got http://...; takes https://, or allow_http: true beside it"),
        (
            ("contoso-1", SECRET),
            "secrets[0]: got ...; takes the name of a secret; the secret itself belongs in the secrets file",
        ),
        (("[contoso-1]", "[]"), "secrets: got 0; takes 1 or more entries"),
        (("active: true", "active: 1"), "active: got 1; takes true or false"),
        (("active: true", "at_once: 0"), "at_once: got 0; takes 1 or more"),
        (("active: true", "dialect: french"), "dialect: got 'french'; takes one of perennial or microsoft"),
        (
            ("active: true", "allow_networks: [here]"),
            "allow_networks[0]: got 'here'; takes a network such as 127.0.0.0/8",
        ),
        (("active: true", "terms: {tries: 0}"), "terms.tries: got 0; takes 1 or more"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[1],
)
def test_one_field_of_a_publisher(written: Written, change: tuple[str, str], line: str) -> None:
    text = (PUBLISHER % ", active: true").replace(*change)
    with pytest.raises(Misused) as refused:
        read_catalog([written("a.yaml", text)])
    assert str(refused.value).endswith(f"a.yaml:2: publishers[0].{line}")
    assert "\n" not in str(refused.value)


def test_a_publisher_that_occurs_twice(written: Written) -> None:
    files = [written(name, PUBLISHER % "") for name in ("a.yaml", "b.yaml")]
    with pytest.raises(Misused) as refused:
        read_catalog(files)
    assert str(refused.value) == (
        f"{files[1]}:2: publishers[0].id: got 'contoso'; takes an id that none of the publishers before it has"
    )


def test_publishers_are_in_no_table(written: Written) -> None:
    with pytest.raises(Misused) as refused:
        read_catalog([written("publishers.csv", "id,url,secrets\ncontoso,https://hooks.contoso.example/,contoso-1\n")])
    assert str(refused.value).endswith(
        "publishers.csv: got 'a table'; takes publishers in a YAML file only: they have nested fields"
    )
