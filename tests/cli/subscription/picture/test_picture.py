"""The picture of subscriptions: what it says, that nothing overlaps in a real browser, and that any text is harmless.

`PERENNIAL_PICTURES=docs/images` has the picture of docs/looking.md written there.
"""

import itertools
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import pytest
from playwright.async_api import Browser

from cli.subscription.picture.marks import MOST_PAST, MOST_TO_COME, numbered
from cli.subscription.picture.picture import picture
from cli.subscription.picture.scale import MOST_TICKS, Scale
from statemachines.preview.lane import Lane
from tests.support.instants import START, instant
from tests.support.paths import ROOT
from tests.support.simulated import lanes
from tests.support.simulated.lanes import lane
from tests.support.simulated.life import ALife, an_order

SVG = "{http://www.w3.org/2000/svg}"
IMAGE = ROOT / "docs" / "images" / "timeline.svg"
HEADING = "Subscriptions of fabrikam"

BOXES = """() => [...document.querySelectorAll('text')].map(text => {
  const box = text.getBoundingClientRect();
  return {words: text.firstChild.textContent, left: box.left, right: box.right, top: box.top, bottom: box.bottom};
})"""
COLOURS = "chosen => [...document.querySelectorAll(chosen)].map(found => getComputedStyle(found).fill)"


def of_a_customer() -> list[Lane]:
    """What the picture of the page shows."""
    lived = (lanes.changed_and_suspended, lanes.on_trial, lanes.suspended_now, lanes.cancelled_in_time)
    return [lane(life()) for life in lived]


PICTURES = {
    "one": lambda: [lane(lanes.changed_and_suspended())],
    "trial": lambda: [lane(lanes.on_trial())],
    "ended": lambda: [lane(lanes.cancelled_in_time())],
    "crowded": lambda: [lane(lanes.crowded("a" * 64))],
    "just bought": lambda: [lane(ALife(an_order()))],
    "twenty years": lambda: [lane(ALife(an_order()).until("2046-02-01"))],
    "customer": of_a_customer,
}


def read(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawn)


def words(drawn: str) -> list[str]:
    """All text that is shown."""
    return [element.text or "" for element in read(drawn).iter(f"{SVG}text")]


def test_it_says_what_happened_and_what_comes() -> None:
    said = words(picture([lane(lanes.changed_and_suspended())], "crm for fabrikam"))
    for expected in (
        "crm for fabrikam",
        "as of 2026-11-30 10:00:00 UTC, as all times here",
        "5 x crm, active",
        "today",
        "charged USD 481.94, credited 25.16",
        "to come: USD 600.00 in 12 charges until 2027-12-01",
        "quantity changed: quantity 3 → 5 (MON-4)",
        "suspended: customer request (SUS-1)",
        "Renews: charge USD 50.00 (REN-1)",
        "Refund window",
        "Charge to come",
    ):
        assert expected in said


def test_the_legend_names_what_is_drawn_and_no_more() -> None:
    said = words(picture([lane(lanes.cancelled_in_time())], "x"))
    assert {"Active", "Ended", "Refund window", "Charge", "Credit"} <= set(said)
    assert not {"Pending", "Suspended", "Trial", "Data is kept", "Charge to come", "If nobody acts"} & set(said)


def test_it_is_read_aloud() -> None:
    root = read(picture(of_a_customer(), HEADING))
    assert root.attrib["role"] == "img"
    named = [root.find(f".//*[@id='{key}']") for key in root.attrib["aria-labelledby"].split()]
    title, described = [element.text or "" for element in named if element is not None]
    assert title == HEADING
    assert "crm-fabrikam-02, 3 units of crm, is suspended: 2026-01-15 09:00:00 UTC: purchased (BUY-4)" in described


@pytest.mark.parametrize("text", ["</text><script>x()</script>", "a & b", '" onload="x', "]]>", "\x00\x1b[31m\u202e"])
def test_any_text_is_harmless(text: str) -> None:
    shown = lane(lanes.changed_and_suspended())
    whose = shown.whose.model_copy(update={"subscription_id": text, "offer_id": text})
    drawn = picture([shown.model_copy(update={"whose": whose})], text)
    names = {element.tag.removeprefix(SVG) for element in read(drawn).iter()}
    assert names == {"svg", "title", "desc", "style", "defs", "pattern", "rect", "text", "line", "g", "circle"}
    assert not any(name.startswith("on") for element in read(drawn).iter() for name in element.attrib)
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


def test_of_many_marks_the_last_and_the_next_are_numbered() -> None:
    lived = ALife(an_order()).until("2026-02-01")
    for number in range(40):
        lived.ask(f"2026-02-02T10:00:{number:02}Z", "change_quantity", quantity=10 + number)
    marks = numbered([lane(lived)])
    listed = [mark for mark in marks if mark.number]
    assert len(marks) == 41 + 1
    assert [mark.number for mark in listed] == list(range(1, MOST_PAST + 2))
    assert listed[0].words == "quantity changed: quantity 33 → 34"
    assert len([mark for mark in listed if mark.foreseen]) <= MOST_TO_COME


@pytest.mark.parametrize("days", [0, 1, 3, 5, 13, 40, 100, 366, 1100, 3700, 20000, 36500])
def test_the_axis_has_some_dates_in_order_and_never_too_many(days: int) -> None:
    scale = Scale(START, START + lanes.AHEAD / 366 * days)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= MOST_TICKS
    assert sorted(tick.at for tick in ticks) == [tick.at for tick in ticks]
    assert all(scale.start < tick.at < scale.end for tick in ticks)


def test_what_lies_outside_is_at_the_margin() -> None:
    scale = Scale(instant("2026-01-01"), instant("2027-01-01"))
    assert scale.percent(instant("2020-01-01")) == scale.percent(scale.start)
    assert scale.percent(instant("2030-01-01")) == scale.percent(scale.end)
    assert not scale.shows(instant("2030-01-01"))


def test_the_picture_of_the_page_is_what_is_drawn_today() -> None:
    drawn = picture(of_a_customer(), HEADING)
    if "PERENNIAL_PICTURES" in os.environ:
        (ROOT / os.environ["PERENNIAL_PICTURES"] / IMAGE.name).write_text(drawn, encoding="utf-8")
    assert IMAGE.read_text(encoding="utf-8") == drawn, "write it anew: PERENNIAL_PICTURES=docs/images"


def overlapping(boxes: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """The texts that touch each other, less a pixel."""
    return [
        (one["words"], other["words"])
        for one, other in itertools.combinations(boxes, 2)
        if min(one["right"], other["right"]) - max(one["left"], other["left"]) > 1
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]) > 4
    ]


@pytest.mark.parametrize("width", [375, 680, 1200])
@pytest.mark.parametrize("name", PICTURES)
async def test_no_text_overlaps_or_leaves_the_picture(browser: Browser, tmp_path: Path, name: str, width: int) -> None:
    file = tmp_path / "picture.svg"
    file.write_text(picture(PICTURES[name](), f"Subscriptions of {'fabrikam-' * 7}"), encoding="utf-8")
    height = int(read(file.read_text(encoding="utf-8")).attrib["height"])
    page = await browser.new_page(viewport={"width": width, "height": height})
    await page.goto(file.as_uri())
    boxes = await page.evaluate(BOXES)
    await page.close()
    assert overlapping(boxes) == []
    outside = [box["words"] for box in boxes if box["left"] < 0 or box["right"] > width or box["bottom"] > height]
    assert outside == []


def brightness(colour: str) -> float:
    """The relative luminance of `rgb(1, 2, 3)`, from 0 to 1."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("scheme", "media", "dark"), [("light", "screen", False), ("dark", "screen", True), ("dark", "print", False)]
)
async def test_text_can_be_read_in_the_light_the_dark_and_on_paper(
    browser: Browser, tmp_path: Path, scheme: Literal["light", "dark"], media: Literal["screen", "print"], dark: bool
) -> None:
    file = tmp_path / "picture.svg"
    file.write_text(picture(of_a_customer(), HEADING), encoding="utf-8")
    page = await browser.new_page()
    await page.emulate_media(color_scheme=scheme, media=media)
    await page.goto(file.as_uri())
    (paper,) = await page.evaluate(COLOURS, ".paper")
    plain = set(await page.evaluate(COLOURS, "text:not(.digits)"))
    bands = set(await page.evaluate(COLOURS, ".band"))
    (label,) = set(await page.evaluate(COLOURS, ".label"))
    await page.close()
    assert (brightness(paper) < 0.1) == dark
    assert len(plain) > 1
    assert [colour for colour in plain if contrast(colour, paper) < 4.5] == []
    assert [band for band in bands if contrast(label, band) < 4.5] == []


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG."""
    darker, lighter = sorted(map(brightness, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)
