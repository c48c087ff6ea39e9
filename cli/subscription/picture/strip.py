"""One lane as it is drawn: its name, the numbers of its marks, its states, windows and charges."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from cli.printing.screen import amount, counted, day, moment, quantity, second
from cli.subscription.picture.marks import Mark, rows_of
from cli.subscription.picture.scale import NARROWEST, RIGHT, Scale
from cli.subscription.picture.svg import Svg, element, hint, percent, shortened, text
from domain.subscription.ledger import Kind, LedgerRow
from statemachines.preview.lane import Band, Kept, Lane, Window

NAME, FACTS = 14, 30
"""Where the lines of the head stand."""
ROW, BAND, WINDOW, CHARGES, LINE = 20, 24, 8, 34, 16
"""Heights in pixels."""
GAP = 18
"""Between lanes."""
LONGEST_NAME, LONGEST_FACTS = 36, 50
LETTER = 6.6
"""The width of a letter of a band's label, in pixels, at most on average."""
LEFT_EDGE = percent(4)
KEPT = {Kept.REFUND: "Refund window", Kept.RETENTION: "Data is kept"}


class Strip:
    """A lane that begins at `top`; `height` is what it takes."""

    def __init__(self, lane: Lane, marks: Sequence[Mark], scale: Scale, top: float) -> None:
        self._lane, self._scale = lane, scale
        own = [mark for mark in marks if mark.subscription_id == lane.whose.subscription_id]
        self._others = [mark for mark in own if not mark.number]
        self._placed = rows_of(own, scale)
        self._top = top
        self._band_top = top + FACTS + 10 + ROW * (max((row for _, row in self._placed), default=-1) + 1)
        self._kinds = list(dict.fromkeys(window.kept for window in lane.windows))
        self._charges_top = self._band_top + BAND + 4 + WINDOW * len(self._kinds)
        charges = CHARGES if lane.rows or lane.to_come else 0
        self._sums_top = self._charges_top + charges
        self._sums = list(sums_of(lane))
        self.height = self._sums_top + LINE * len(self._sums) + GAP - top

    def drawn(self) -> Iterator[Svg]:
        """Its elements, from the back to the front."""
        yield from self._head()
        yield from map(self._window, self._lane.windows)
        yield from (self._band(band) for band in self._lane.bands if band.state.ended or band.lasts)
        yield from self._charges()
        if self._scale.shows(self._lane.now):
            across = percent(self._scale.percent(self._lane.now))
            bottom = self._sums_top
            yield element("line", x1=across, x2=across, y1=self._band_top - 4, y2=bottom, class_="today")
        yield from self._numbers()
        for number, line in enumerate(self._sums):
            y = self._sums_top + LINE * (number + 1) - 3
            yield element(
                "text", text(shortened(line, LONGEST_FACTS)), hint(line), x=LEFT_EDGE, y=y, class_="quiet sums"
            )

    def _head(self) -> Iterator[Svg]:
        whose = self._lane.whose
        name = element("title", text(whose.subscription_id))
        shown = text(shortened(whose.subscription_id, LONGEST_NAME))
        yield element("text", shown, name, x=LEFT_EDGE, y=self._top + NAME, class_="name")
        facts = f"{quantity(whose.quantity)} x {whose.offer_id}, {whose.state}"
        shown = text(shortened(facts, LONGEST_FACTS))
        yield element("text", shown, hint(facts), x=LEFT_EDGE, y=self._top + FACTS, class_="quiet")

    def _band(self, band: Band) -> Svg:
        start, end = self._scale.percent(band.period.start), self._scale.percent(band.period.end)
        says = f"{band.state} from {moment(band.period.start)}"
        y = self._band_top
        if band.state.ended:
            place = percent(min(start, RIGHT))
            return element("rect", hint(says), x=place, y=y - 3, width=5, height=BAND + 6, class_="end")
        says += f" to {second(band.period.end)}{', if nobody sends a command' if band.foreseen else ''}"
        look = f"band {band.state}{' foreseen' if band.foreseen else ''}"
        box = {"x": percent(start), "y": y, "width": percent(max(end - start, 0.3)), "height": BAND}
        drawn = element("rect", hint(says), **box, class_=look)
        if band.state == "suspended":
            drawn += element("rect", hint(says), **box, fill="url(#suspended)")
        room = (end - start) / 100 * NARROWEST
        if len(band.state) * LETTER + 10 <= room:
            words = element("text", text(band.state), x=percent(start), dx=6, y=y + 16, class_="label")
            return drawn + words
        return drawn

    def _window(self, window: Window) -> Svg:
        start, end = self._scale.percent(window.period.start), self._scale.percent(window.period.end)
        says = f"{KEPT[window.kept]} from {second(window.period.start)} to {moment(window.period.end)}"
        y = self._band_top + BAND + 3 + WINDOW * self._kinds.index(window.kept)
        width = percent(max(end - start, 0.5))
        return element("rect", hint(says), x=percent(start), y=y, width=width, height=5, rx=1, class_=window.kept)

    def _charges(self) -> Iterator[Svg]:
        """A stalk per instant, as high as what was charged or credited then."""
        stalks = [*_summed(self._lane.rows, ""), *_summed(self._lane.to_come, " to-come")]
        highest = max((sum_ for _, _, sum_, _ in stalks), default=Decimal(1))
        base = self._charges_top + CHARGES - 6
        for at, kind, sum_, when in stalks:
            if not self._scale.shows(at):
                continue
            across = percent(self._scale.percent(at))
            top = base - 4 - float(sum_ / highest) * (CHARGES - 16)
            says = hint(f"{kind} {self._lane.whose.currency} {amount(sum_)}, {moment(at)}")
            stalk = element("line", x1=across, x2=across, y1=base, y2=top)
            yield element("g", says, stalk, element("circle", cx=across, cy=top, r=2.5), class_=f"{kind}{when}")

    def _numbers(self) -> Iterator[Svg]:
        for mark in self._others:
            across = percent(self._scale.percent(mark.at))
            y = self._band_top
            yield element("line", hint(said(mark)), x1=across, x2=across, y1=y - 5, y2=y + 5, class_="other")
        spots = [
            (mark, percent(self._scale.percent(mark.at)), self._band_top - 11 - ROW * row) for mark, row in self._placed
        ]
        for _, across, y in spots:
            yield element("line", x1=across, x2=across, y1=y, y2=self._band_top + 6, class_="leader")
        for mark, across, y in spots:
            yield element("g", hint(said(mark)), badge(mark, across, y))


def badge(mark: Mark, across: str, y: float) -> Svg:
    """The mark's number in a circle, which is empty while the mark is to come."""
    look = " to-come" if mark.foreseen else ""
    circle = element("circle", cx=across, cy=y, r=8, class_=f"number{look}")
    at = {"x": across, "y": y + 3.5, "text_anchor": "middle"}
    return circle + element("text", str(mark.number), **at, class_=f"digits{look}")


def said(mark: Mark) -> str:
    """The mark in one line."""
    return f"{moment(mark.at)}: {mark.words} ({mark.rule})"


def sums_of(lane: Lane) -> Iterator[str]:
    """What was charged and credited, and what is to come."""
    currency = lane.whose.currency
    charged, credited = (_sum(row for row in lane.rows if row.kind is kind) for kind in (Kind.CHARGE, Kind.CREDIT))
    if lane.rows:
        yield f"charged {currency} {amount(charged)}" + (f", credited {amount(credited)}" if credited else "")
    if lane.to_come:
        times = len({row.at for row in lane.to_come})
        yield f"to come: {currency} {amount(_sum(lane.to_come))} in {counted(times, 'charge')} until {day(lane.until)}"


def _sum(rows: Iterable[LedgerRow]) -> Decimal:
    return sum((row.amount for row in rows), Decimal(0))


def _summed(rows: Iterable[LedgerRow], when: str) -> list[tuple[datetime, Kind, Decimal, str]]:
    sums: dict[tuple[datetime, Kind], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row.at, row.kind] += row.amount
    return [(at, kind, sum_, when) for (at, kind), sum_ in sums.items()]
