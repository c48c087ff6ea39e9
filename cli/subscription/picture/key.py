"""What stands below the lanes: what each colour and sign means, and the list of the numbered marks."""

from collections.abc import Iterator, Sequence

from cli.printing.screen import second, wrapped
from cli.subscription.picture.marks import Mark
from cli.subscription.picture.strip import KEPT, badge
from cli.subscription.picture.svg import Svg, element, percent, shortened, text
from domain.subscription.events import State
from domain.subscription.ledger import Kind
from statemachines.preview.lane import Lane

LINE = 17
ENTRY_GAP = 9
LONGEST_LINE = 44
"""How many characters of a listed mark fit the narrowest picture."""
COLUMNS = (4.0, 52.0)


def legend(lanes: Sequence[Lane], top: float) -> tuple[list[Svg], float]:
    """The elements of the legend, two columns of what the lanes have, and where it ends."""
    entries = list(_entries(lanes))
    drawn = []
    for number, (swatch, words) in enumerate(entries):
        x, y = percent(COLUMNS[number % 2]), top + 20 * (number // 2)
        # A box of its own, in pixels, that begins at a percent of the width.
        drawn.append(element("svg", *swatch, x=x, y=y, width=22, height=16, overflow="visible"))
        drawn.append(element("text", text(words), x=x, dx=28, y=y + 12, class_="quiet"))
    return drawn, top + 20 * ((len(entries) + 1) // 2)


def _entries(lanes: Sequence[Lane]) -> Iterator[tuple[list[Svg], str]]:
    box = {"x": 0.5, "y": 1.5, "width": 20, "height": 12}
    found = {band.state for lane in lanes for band in lane.bands if band.state.ended or band.lasts}
    for state in (state for state in State if state in found and not state.ended):
        hatch = [element("rect", **box, fill="url(#suspended)")] if state is State.SUSPENDED else []
        yield [element("rect", **box, class_=f"band {state}"), *hatch], state.capitalize()
    if any(band.foreseen for lane in lanes for band in lane.bands):
        yield [element("rect", **box, class_="band active foreseen")], "If nobody acts"
    if any(state.ended for state in found):
        yield [element("rect", x=8, y=0, width=5, height=15, class_="end")], "Ended"
    for kept in dict.fromkeys(window.kept for lane in lanes for window in lane.windows):
        yield [element("rect", x=0, y=5, width=21, height=5, rx=1, class_=kept)], KEPT[kept]
    kinds = {row.kind for lane in lanes for row in lane.rows}
    signs = [(kind in kinds, str(kind), kind.capitalize()) for kind in Kind]
    signs.append((any(lane.to_come for lane in lanes), "charge to-come", "Charge to come"))
    for _, look, words in (sign for sign in signs if sign[0]):
        stalk = element("line", x1=10, x2=10, y1=15, y2=3)
        yield [element("g", stalk, element("circle", cx=10, cy=3, r=2.5), class_=look)], words


def listed(marks: Sequence[Mark], top: float, *, several: bool) -> tuple[list[Svg], float]:
    """The elements of the list, in the order of time, and where it ends. With `several` lanes each says its own."""
    drawn, y = [], top
    for mark in (mark for mark in marks if mark.number):
        whose = f"  {shortened(mark.subscription_id, 22)}" if several else ""
        head = f"{second(mark.at)}{whose}"
        lines = wrapped(f"{mark.words} ({mark.rule})", LONGEST_LINE)
        x = percent(4)
        drawn.append(badge_at_edge(mark, y + 9))
        drawn.append(element("text", text(head), x=x, dx=26, y=y + 13, class_="quiet"))
        for line in lines:
            y += LINE
            drawn.append(element("text", text(line), x=x, dx=26, y=y + 13))
        y += LINE + ENTRY_GAP
    return drawn, y


def badge_at_edge(mark: Mark, y: float) -> Svg:
    """The mark's number at the left, in a box of its own: so it stands in pixels right of the margin."""
    return element("svg", badge(mark, "9", 9), x=percent(4), y=y - 9, width=18, height=18, overflow="visible")
