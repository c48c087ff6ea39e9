"""Each story of docs/stories is followed word for word, on a real server."""

import pytest

from tests.support.pages.story import STORIES, Reader, compare

BESIDE_DEV = {"first-sale", "late-payer"}
WITH_THEIR_OWN = {"lost-server"}


@pytest.mark.live
@pytest.mark.parametrize("page", sorted(BESIDE_DEV))
def test_a_story_beside_make_dev(page: str, dev: Reader) -> None:
    dev.follow(f"{page}.md")


@pytest.mark.live
@pytest.mark.parametrize("page", sorted(WITH_THEIR_OWN))
def test_a_story_that_starts_its_own_servers(page: str, reader: Reader) -> None:
    reader.follow(f"{page}.md")


def test_each_page_is_followed() -> None:
    assert {page.stem for page in STORIES.glob("*.md")} == BESIDE_DEV | WITH_THEIR_OWN


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
