"""The pages say what the code does, as far as a test can compare them: links, names, numbers, commands, tables."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT
from tests.support.project import FLOORS, sources

SKIPPED = {".venv", ".git", ".pytest_cache", "var", "dist", "build"}
PAGES = sorted(page for page in ROOT.rglob("*.md") if not SKIPPED & set(page.relative_to(ROOT).parts))
RULE_ID = re.compile(r"\b(?:TIM|ROL|CAT|ELG|BUY|ISV|TRI|REN|SUS|CXL|LIF|MON)-\d+\b")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


def names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made of their words."""
    text = FENCED.sub("", page.read_text())
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(FENCED.sub("", page.read_text())):
        path, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_every_rule_that_the_core_names_is_described() -> None:
    described = set(re.findall(rf"^\| (?=[A-Z])((?:{RULE_ID.pattern}(?:, )?)+) \|", _domain(), re.MULTILINE))
    ids = {rule for cell in described for rule in RULE_ID.findall(cell)}
    named = {
        rule: str(source.relative_to(ROOT))
        for folder in ("domain", "statemachines")
        for source in sorted((ROOT / folder).rglob("*.py"))
        for rule in RULE_ID.findall(source.read_text())
    }
    assert {rule: where for rule, where in named.items() if rule not in ids} == {}


def test_every_rule_that_an_answer_can_name_is_described() -> None:
    from domain.rules import Rule

    assert [
        rule.value for rule in Rule if not re.search(rf"^\| (?:.*, )?{rule.value}\b", _domain(), re.MULTILINE)
    ] == []


def test_the_policy_packs_are_those_of_the_code() -> None:
    from domain.policy import PACKS

    assert all(f"`{name}`" in _domain() for name in PACKS)


def test_the_readme_shows_the_machine_as_it_is() -> None:
    from statemachines.subscription.diagram import diagram, rows

    readme = (ROOT / "README.md").read_text()
    shown = re.search(r"<!-- diagram:begin -->\s*```mermaid\n(.*?)```\s*<!-- diagram:end -->", readme, re.DOTALL)
    assert shown is not None
    assert shown.group(1).strip() == "\n".join(diagram(rows()))


def test_names_only_make_targets_that_there_are() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for words in re.findall(r"`make ([a-z -]+)`", page.read_text()):
            assert set(words.split()) <= targets, page


NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
WRITTEN = [page for page in PAGES if page.parent.name != "contract"]
"""The pages that people write; those of the contract are generated."""


def text_of(name: str) -> str:
    return (ROOT / name).read_text()


def section(name: str, title: str) -> str:
    """What a page says under a heading, up to the next one."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#+ |\Z)", text_of(name), re.DOTALL | re.MULTILINE)
    assert found, title
    return found[2]


def code_of(page: Path) -> str:
    """The page's shell blocks, and what stands between backticks in its sentences."""
    text = page.read_text()
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    shell = [code for language, code in blocks if language in {"", "sh", "text", "bash"}]
    return "\n".join([*shell, *re.findall(r"`([^`\n]*)`", FENCED.sub("", text))])


@pytest.mark.parametrize("page", WRITTEN, ids=names(WRITTEN))
def test_commands_exist_with_the_options_that_a_page_gives_them(page: Path) -> None:
    from typer.main import get_command

    from cli.app import app

    root: Any = app if hasattr(app, "list_commands") else get_command(app)
    for line in re.findall(r"starter\.py ([a-z-].*)", code_of(page)):
        words = shlex.split(line, comments=True)
        command, rest = root, list(words)
        while rest and hasattr(command, "get_command") and not rest[0].startswith("-"):
            command = command.get_command(None, rest.pop(0))
            assert command is not None, words
        known = {"--help", *(name for each in command.params for name in (*each.opts, *each.secondary_opts))}
        given = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert given <= known, words


@pytest.mark.parametrize("page", WRITTEN, ids=names(WRITTEN))
def test_a_command_line_is_written_as_it_runs_in_a_checkout(page: Path) -> None:
    """`python starter.py ...`, one form on all pages: the bare file is no command."""
    assert re.findall(r"(?<!python )\b(?:starter|worker)\.py (?=[a-z-]).*", code_of(page)) == []


@pytest.mark.parametrize("page", WRITTEN, ids=names(WRITTEN))
def test_every_file_that_is_named_exists(page: Path) -> None:
    for path in re.findall(
        rf"`((?:{'|'.join((*FLOORS, 'tests', 'examples', 'scenarios', 'docs'))})/[\w./-]+)`", page.read_text()
    ):
        assert (ROOT / path).exists() or (ROOT / f"{path}.py").exists() or re.search(r"NAME|NOUN", path), path


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/changing-workflows.md", "CONTRIBUTING.md"])
def test_every_name_of_the_code_that_is_named_exists(page: str) -> None:
    """Classes and constants: CamelCase of two words, or capitals."""
    named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+|[A-Z]+(?:_[A-Z]+)*)`", text_of(page)))
    used = set(
        re.findall(r"\b[A-Z]\w+\b", "\n".join(source.read_text() for source in sources(*FLOORS, "tests", "examples")))
    )
    assert named - used - {"PATH", "TRUNCATE", "UPDATE", "DELETE", "VERSION", "NAME", "RUN", "T"} == set()


def test_every_package_says_what_it_is() -> None:
    packages = [source for source in sources(*FLOORS) if source.name == "__init__.py"]
    assert [str(source) for source in packages if not re.match(r'"""[A-Z]', source.read_text())] == []


def test_the_architecture_names_every_room() -> None:
    places = [*FLOORS, "activities/adapters"]
    found = [room for place in places for room in (ROOT / place).iterdir() if (room / "__init__.py").exists()]
    rooms = {f"{room.relative_to(ROOT)}/" for room in found} - {"activities/adapters/"}
    named = set(re.findall(r"`(\w+(?:/\w+)+/)`", section("docs/architecture.md", "Rooms").partition("`tests/`")[0]))
    assert named == rooms, "say in the table of rooms in docs/architecture.md what the room owns"


def test_the_architecture_names_every_signal() -> None:
    from workflows.subscription.messages import SIGNALS

    count, listed = re.findall(
        r"^The (\w+) signals \(([^)]*)\)", section("docs/architecture.md", "A signal"), re.MULTILINE
    )[0]
    assert set(re.findall(r"`(\w+)`", listed)) == SIGNALS.keys()
    assert count == NUMBERS[len(SIGNALS)]


def test_the_architecture_has_every_table_of_the_database() -> None:
    from activities.adapters.sql.tables import metadata

    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section("docs/architecture.md", "The database"), re.MULTILINE)
    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(metadata.tables)


def test_the_architecture_names_the_append_only_tables() -> None:
    steps = (ROOT / "activities/adapters/sql/migrations/versions").glob("r*.py")
    made = {name for step in steps for name in re.findall(r'append_only\("(\w+)"', step.read_text())}
    sentence = re.search(
        r"^(`journal`.*?) are append-only", section("docs/architecture.md", "The database"), re.MULTILINE
    )
    assert sentence
    assert set(re.findall(r"`(\w+)`", sentence[1])) == made


def test_the_architecture_names_the_limits_of_the_options() -> None:
    from hosting.embedded.command import DYNAMIC_CONFIG
    from workflows.durable import options

    page = section("docs/architecture.md", "What a hostile caller can do")
    most = int(DYNAMIC_CONFIG["history.maximumSignalsPerExecution"])
    assert f"refuses more than {most:,} per run; {options.SIGNALS_AT_ONCE} are read per task" in page
    assert f"a run that received {options.SIGNALS_PER_RUN:,} continues as new" in page
    assert f"at most {options.LONGEST_FORECAST.days // 366} years ahead" in page
    assert f"more than {most:,} signals to one run" in text_of("docs/other-services.md")


def test_the_architecture_names_the_limits_of_a_run() -> None:
    from workflows.durable import options

    page = " ".join(section("docs/architecture.md", "Continue-as-new").split())
    patience = options.HAND_OVER_PATIENCE.total_seconds()
    assert f"{options.PERIODS_PER_RUN} periods billed" in page
    assert f"longer than {options.LONGEST_PARKED // 1024} KiB" in page
    assert f"{options.QUIET.total_seconds() / 60:g} minutes later" in page
    assert f"{options.UPDATES_PER_RUN} updates, {options.SIGNALS_PER_RUN:,} signals, suggested by the server" in page
    assert f"an activity under way has {patience:g} s to end" in page
    assert f"an update that would add to {options.MOST_EFFECTS} waiting effects is refused" in page
    assert f"after {options.MOST_UPDATES:,} updates" in page
    assert f"a signal that would add to {options.MOST_EFFECTS_OF_SIGNALS} is noted as refused" in page


def test_the_pages_name_what_is_remembered() -> None:
    from domain.subscription.first_answers import ANSWERS_HANDED_ON, ANSWERS_KEPT, DIGESTS_HANDED_ON, DIGESTS_KEPT
    from statemachines.account.payments import PAYMENTS_KEPT, TRACES_KEPT
    from statemachines.subscription.life import EVENTS_HANDED_ON, EVENTS_KEPT

    state = section("docs/architecture.md", "The state that is carried")
    assert f"the last {ANSWERS_KEPT} command ids" in state
    assert f"the last {EVENTS_KEPT} events" in state
    assert f"hands the last {EVENTS_HANDED_ON} to the next" in state
    repeats = section("docs/other-services.md", "Repeats")
    assert f"from memory while the id is among the last {ANSWERS_KEPT}, for ever from the database" in repeats
    runs = f"kept among the last {ANSWERS_KEPT}, and for a new run of the workflow among the last {ANSWERS_HANDED_ON}"
    assert (
        f"{runs} of the last day; of the {DIGESTS_KEPT:,} ids before them, {DIGESTS_HANDED_ON} for a new run" in repeats
    )
    assert f"of the last day at most the last {ANSWERS_HANDED_ON} answers; {DIGESTS_HANDED_ON} digests" in state
    assert f"a digest of each of the {DIGESTS_KEPT:,} ids before them" in state
    assert f"while it is among the last {PAYMENTS_KEPT + TRACES_KEPT:,}, for ever from the database |" in repeats
    payments = re.sub(r"\s+", " ", section("docs/invoices.md", "Payments (MON-6, SUS-9)"))
    assert f"last {PAYMENTS_KEPT} payments whole, and a digest of the {TRACES_KEPT:,} before them" in payments


def test_reconcile_explains_every_finding() -> None:
    from statemachines.audit.findings import Kind
    from statemachines.audit.observed import GRACE

    page = section("docs/reconcile.md", "Findings")
    cells = re.findall(r"^\| ([^|]+) \| [A-Z]", page, re.MULTILINE)
    assert [name for cell in cells for name in re.findall(r"`(\w+)`", cell)] == [kind.value for kind in Kind]
    assert f"(default {GRACE.total_seconds() / 60:g})" in page


def test_the_configuration_has_every_setting() -> None:
    """Each with its default, where that is a plain value."""
    from activities.settings import PREFIX, Settings

    rows = re.findall(r"^\| `(PERENNIAL_\w+)` \| ([^|]+) \| ", text_of("docs/configuration.md"), re.MULTILINE)
    shown = {name: default.strip("`") for name, default in rows}
    assert list(shown) == [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        if field.default_factory is None:
            default = "unset" if field.default is None else str(field.default)
            assert shown[f"{PREFIX}{name.upper()}"] == default


def test_the_recordings_are_those_that_are_replayed() -> None:
    listed = section("docs/changing-workflows.md", "Recorded histories")
    rows = [re.findall(r"`([^`]+)`", row) for row in re.findall(r"^\| (`[^|]+) \|", listed, re.MULTILINE)]
    kept = {path.name.rpartition(".json.gz")[0][:-3] for path in (ROOT / "tests/replay/histories").glob("*.json.gz")}
    assert {name for row in rows for name in row} == kept


def _domain() -> str:
    return (ROOT / "docs" / "domain.md").read_text()
