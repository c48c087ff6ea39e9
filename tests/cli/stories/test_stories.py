"""Each story of docs/stories is followed word for word, on a real server."""

import os

import pytest

from tests.support.pages.story import STORIES, Reader, compare

BESIDE_DEV = {"first-sale", "late-payer"}
FULL = os.environ.get("PERENNIAL_STORIES") == "full"
FEWER = {
    """\
MONTH       CHARGED  RENEWALS  ACTIVE        MRR         ARR
2026-11        0.00         0     500  56,600.00  679,200.00
2026-12      600.00        20     500  56,600.00  679,200.00
2027-01  691,800.00       500     500  58,200.00  698,400.00
total    692,400.00       520
""": """\
MONTH      CHARGED  RENEWALS  ACTIVE       MRR        ARR
2026-11       0.00         0      50  4,100.00  49,200.00
2026-12     600.00        20      50  4,100.00  49,200.00
2027-01  43,800.00        50      50  4,200.00  50,400.00
total    44,400.00        70
""",
    "in the books\nalready.": "in the books already.",
    "active           500": "active            50",
    "500 ": "50 ",
}
"""What is printed of 50 that move in, in place of 500, each of which takes 0.2 s of CPU."""
WITH_THEIR_OWN = {"bad-deploy", "lost-server"}


@pytest.mark.live
@pytest.mark.parametrize("page", sorted(BESIDE_DEV))
def test_a_story_beside_make_dev(page: str, dev: Reader) -> None:
    dev.follow(page)


@pytest.mark.live
@pytest.mark.timeout(180)
@pytest.mark.parametrize("page", sorted(WITH_THEIR_OWN))
def test_a_story_that_starts_its_own_servers(page: str, reader: Reader) -> None:
    reader.follow(page)


@pytest.mark.live
@pytest.mark.timeout(600 if FULL else 120)
def test_many_move_in(dev: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make stories` has as many as the page."""
    if not FULL:
        monkeypatch.setenv("SUBSCRIPTIONS", "50")
    dev.follow("moving-in", {} if FULL else FEWER)


def test_each_page_is_followed() -> None:
    assert {page.stem for page in STORIES.glob("*.md")} == {*BESIDE_DEV, *WITH_THEIR_OWN, "moving-in"}


@pytest.mark.parametrize(
    "printed",
    [
        ["paid  USD 8.00  2028-07-10 00:00:00", "", "end"],
        ["paid  USD 7.00  2028-07-11 00:00:00", "", "end"],
        ["paid  USD 7.00", "", "end"],
        ["more", "paid  USD 7.00  2028-07-10 00:00:00", "", "end"],
        ["paid  USD 7.00  2028-07-10 00:00:00", "", "end", "more"],
        ["paid  USD 7.00  2028-07-10 00:00:00", "end"],
        ["end", "", "paid  USD 7.00  2028-07-10 00:00:00"],
    ],
)
def test_what_is_printed_otherwise_is_noticed(printed: list[str]) -> None:
    """An amount, a day of a test clock, an instant, lines that are more, fewer or in another order."""
    shown = ["paid  USD 7.00  2028-07-10 00:00:00", "", "end"]
    compare([*shown], shown, "2028-01-01")
    compare(
        [shown[0].replace("00:00:00", "00:00:09"), "left out", "", "end"], [shown[0], "...", *shown[1:]], "2028-01-01"
    )
    with pytest.raises(AssertionError):
        compare(printed, shown, "2028-01-01")
