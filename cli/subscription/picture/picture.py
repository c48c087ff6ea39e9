"""The whole picture: heading, axis, one strip per subscription, legend and list."""

from collections.abc import Iterator, Sequence

from cli.printing.screen import counted, day, moment
from cli.subscription.picture.key import legend, listed
from cli.subscription.picture.marks import Mark, numbered
from cli.subscription.picture.scale import Scale
from cli.subscription.picture.strip import LEFT_EDGE, Strip, said
from cli.subscription.picture.style import STYLE
from cli.subscription.picture.svg import Svg, element, percent, shortened, text
from statemachines.preview.lane import Lane

WIDTH = 760
"""The width in pixels where nothing says how wide: in an `img`, or in a program that is no browser."""
AXIS, FIRST_STRIP = 88, 110
LONGEST_HEADING = 30
MARGIN = 0.03
"""How much time is shown after the last lane's end, of the whole."""


def picture(lanes: Sequence[Lane], heading: str, left_out: int = 0) -> str:
    """An SVG file of at least one lane. It loads nothing and runs nothing."""
    scale, marks = _scale(lanes), numbered(lanes)
    strips, top = [], float(FIRST_STRIP)
    for lane in lanes:
        strips.append(Strip(lane, marks, scale, top))
        top += strips[-1].height
    note = f"{left_out:,} more are not shown: choose one by its id." if left_out else ""
    body: list[Svg] = []
    if note:
        body.append(element("text", text(note), x=LEFT_EDGE, y=top + 6, class_="quiet"))
        top += 28
    signs, bottom = legend(lanes, top)
    entries, end = listed(marks, bottom + 18, several=len(lanes) > 1)
    axis = _axis(scale, lanes, top - 12)
    drawn = [*axis, *(part for strip in strips for part in strip.drawn()), *body, *signs, *entries]
    return _document(heading, _described(lanes, marks), [*_below_heading(lanes), *drawn], end + 8)


def _scale(lanes: Sequence[Lane]) -> Scale:
    start = min(band.period.start for lane in lanes for band in lane.bands)
    last = max(lane.until for lane in lanes)
    return Scale(start, last + (last - start) * MARGIN)


def _below_heading(lanes: Sequence[Lane]) -> Iterator[Svg]:
    now = moment(max(lane.now for lane in lanes))
    yield element("text", text(f"as of {now}, as all times here"), x=LEFT_EDGE, y=48, class_="quiet")
    what = "what is to come is what happens if nobody acts"
    yield element("text", text(what), x=LEFT_EDGE, y=64, class_="quiet")


def _axis(scale: Scale, lanes: Sequence[Lane], bottom: float) -> Iterator[Svg]:
    """The dates with their lines, and today; where clocks differ, each strip has its own line and no label."""
    for tick in scale.ticks():
        across = percent(scale.percent(tick.at))
        yield element("line", x1=across, x2=across, y1=AXIS + 6, y2=bottom, class_="grid")
        yield element("text", text(tick.label), x=across, y=AXIS, text_anchor="middle", class_="tick")
    days = {day(lane.now) for lane in lanes}
    now = lanes[0].now
    if len(days) == 1 and scale.shows(now):
        place = scale.percent(now)
        anchor = "start" if place < 12 else "end" if place > 88 else "middle"
        yield element("text", "today", x=percent(place), y=AXIS + 15, text_anchor=anchor, class_="today-label")


def _described(lanes: Sequence[Lane], marks: Sequence[Mark]) -> str:
    """The picture in words, for who cannot see it."""
    sentences = []
    for lane in lanes:
        whose = lane.whose
        own = [mark for mark in marks if mark.subscription_id == whose.subscription_id and mark.number]
        events = "; ".join(said(mark) for mark in own)
        what = f"{counted(whose.quantity, 'unit')} of {whose.offer_id}"
        sentences.append(f"{whose.subscription_id}, {what}, is {whose.state}: {events}.")
    return " ".join(sentences)


def _document(heading: str, described: str, drawn: Sequence[Svg], height: float) -> str:
    hatch = element(
        "pattern",
        element("line", x1=0, y1=0, x2=0, y2=8, class_="hatch"),
        id="suspended",
        width=7,
        height=8,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(40)",
    )
    parts = [
        element("title", text(heading), id="perennial-title"),
        element("desc", text(described), id="perennial-desc"),
        f"<style>{STYLE}</style>",
        element("defs", hatch),
        element("rect", width="100%", height="100%", class_="paper"),
        element("text", text(shortened(heading, LONGEST_HEADING)), x=LEFT_EDGE, y=30, class_="heading"),
        *drawn,
    ]
    root = {"xmlns": "http://www.w3.org/2000/svg", "class_": "perennial", "width": WIDTH, "height": round(height)}
    reads = {"role": "img", "aria-labelledby": "perennial-title perennial-desc", "lang": "en"}
    return f"{element('svg', chr(10), chr(10).join(parts), chr(10), **root, **reads)}\n"
