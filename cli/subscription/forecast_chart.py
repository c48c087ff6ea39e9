"""A forecast as an SVG image: per currency the charges of each month as bars, and the recurring revenue as a line."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING

from cli.printing.screen import amount, counted, day

if TYPE_CHECKING:
    from statemachines.preview.portfolio import MonthSums, PortfolioForecast

WIDTH, PANEL, TOP, LEFT, RIGHT, FOOT = 960, 260, 56, 110, 20, 44
GRIDS = 4
LABELS = 18
"""At most this many months are named below the bars."""
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #ccc; stroke-width: 1 }
.charged { fill: #4477aa }
.mrr { fill: none; stroke: #cc5533; stroke-width: 2.5 }
.dot { fill: #cc5533 }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd }
  .paper { fill: #1b1b1b }
  .grid { stroke: #555 }
  .charged { fill: #6fa3d8 }
  .mrr { stroke: #f08a5d }
  .dot { fill: #f08a5d }
}
@media print { .paper { fill: #fff } text { fill: #000 } }
"""


def chart(found: PortfolioForecast) -> str:
    """The image, a panel per currency."""
    panels = found.currencies
    height = TOP + max(len(panels), 1) * (PANEL + FOOT)
    title = f"{counted(found.subscriptions, 'subscription')}, {day(found.start)} to {day(found.ends[-1])}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="Forecast of {escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="24">Forecast of {escape(title)}</text>',
        f'<rect class="charged" x="{LEFT}" y="34" width="12" height="12"/>'
        f'<text x="{LEFT + 18}" y="44">charged in the month</text>',
        f'<path class="mrr" d="M{LEFT + 170} 40h24"/><text x="{LEFT + 200}" y="44">MRR at its end</text>',
    ]
    if not panels:
        parts.append(f'<text x="{LEFT}" y="{TOP + 40}">Nothing is to come.</text>')
    for place, sums in enumerate(panels.values()):
        parts += _panel(sums, TOP + place * (PANEL + FOOT))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(sums: list[MonthSums], top: int) -> Iterator[str]:
    """One currency: a grid with amounts, a bar per month, and the line."""
    most = max((value for month in sums for value in (month.charged, month.mrr)), default=Decimal(0)) or Decimal(1)
    apart = apart_of(most)
    room, step = PANEL - 40, (WIDTH - LEFT - RIGHT) / len(sums)
    bottom = top + PANEL

    def height(value: Decimal) -> float:
        return float(value / (GRIDS * apart)) * room

    yield f'<text class="title" x="10" y="{top + 28}">{escape(sums[0].currency)}</text>'
    for grid in range(GRIDS + 1):
        value = apart * grid
        y = bottom - height(value)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{amount(value)}</text>'
    every = -(-len(sums) // LABELS)
    points = []
    for number, month in enumerate(sums):
        x, tall = LEFT + number * step, height(month.charged)
        about = f"{month.name}: charged {month.currency} {amount(month.charged)}, MRR {amount(month.mrr)}"
        yield (
            f'<rect class="charged" x="{x + step * 0.15:.1f}" y="{bottom - tall:.1f}" width="{step * 0.7:.1f}" '
            f'height="{tall:.1f}"><title>{escape(about)}</title></rect>'
        )
        if number % every == 0:
            yield f'<text x="{x + step / 2:.1f}" y="{bottom + 18}" text-anchor="middle">{month.name}</text>'
        points.append((x + step / 2, bottom - height(month.mrr)))
    yield f'<path class="mrr" d="M{" L".join(f"{x:.1f} {y:.1f}" for x, y in points)}"/>'
    yield from (f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points)


def apart_of(most: Decimal) -> Decimal:
    """What lies between two lines of the grid so that as many as there are hold the most: a number easy to read."""
    power = Decimal(1).scaleb((most / GRIDS).adjusted() - 1)
    found = next(times * power for times in (10, 20, 25, 50, 100) if times * power * GRIDS >= most)
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found.normalize()
