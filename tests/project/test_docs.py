"""The documentation tells the truth that a test can check: links, rule ids, the diagram."""

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT

SKIPPED = {".venv", "var", ".git", "dist", "build"}
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
        for source in sorted((ROOT / folder).glob("*.py"))
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


def _domain() -> str:
    return (ROOT / "docs" / "domain.md").read_text()
