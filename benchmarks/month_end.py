"""A month's end by simulation: `python -m benchmarks.month_end --subscriptions 10000000`.

Where an average says nothing: the first two days of March, with the last of February before them. Work is counted in
renewals, and waits in one line for as many a second as there is room for.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from benchmarks.scale import Business, number

DAY = 86_400
YEAR_DAYS = 365.25
LAST = (1 + 1 + 11 / 12 + 7 / 12) * 12
"""Of a year's days of purchase those whose renewals fall on February 28: 28, and 29 to 31 where there is one."""
OPEN, CLOSED, BUSY = 9, 17, 0.8
"""The share of purchases within business hours; the others come evenly all day."""


@dataclass(frozen=True)
class MonthEnd:
    """A share of all subscriptions renews at one instant, with the month; the others when they were bought."""

    business: Business
    aligned: float
    spread: int
    capacity: float
    """Renewals a second that workers, server and books can do together."""

    def due(self) -> Iterator[float]:
        """Work per second: February 28, March 1 and March 2."""
        several = self.business.subscriptions * (1 - self.aligned) / YEAR_DAYS
        for day in (several * LAST, several * 12, several * 12):
            yield from (day * _density(second) for second in range(DAY))

    def storm(self) -> Iterator[float]:
        """Work per second of what comes with the month: renewals over the spread, and accounts after it."""
        yield from (0.0 for _ in range(DAY))
        renewals, width = self.business.subscriptions * self.aligned, max(1, self.spread)
        yield from (renewals / width for _ in range(width))
        yield self.business.closing
        yield from (0.0 for _ in range(2 * DAY - width - 1))

    def lived(self) -> tuple[float, float, int]:
        """The longest line, in renewals; the longest wait and the end of all waiting after midnight, in seconds."""
        line, longest, last = 0.0, 0.0, DAY
        for second, (due, storm) in enumerate(zip(self.due(), self.storm(), strict=True)):
            line = max(0.0, line + due + storm - self.capacity)
            longest = max(longest, line)
            if line:
                last = second
        return longest, longest / self.capacity, last - DAY


def _density(second: int) -> float:
    """The share of a day's purchases in this second of it."""
    hours = CLOSED - OPEN
    busy = BUSY / (hours * 3600) if OPEN * 3600 <= second < CLOSED * 3600 else 0.0
    return busy + (1 - BUSY) / DAY


def table(business: Business, aligned: float, spreads: list[int], capacities: list[float]) -> str:
    """What becomes of it with each spread and each capacity."""
    lines = [
        "| capacity (renewals/s) | spread (s) | longest line | longest wait | a line until |",
        "|---|---|---|---|---|",
    ]
    for capacity, spread in chain.from_iterable(((c, s) for s in spreads) for c in capacities):
        longest, wait, until = MonthEnd(business, aligned, spread, capacity).lived()
        lines.append(f"| {capacity:,.0f} | {spread} | {longest:,.0f} | {_time(wait)} | {_time(until)} after midnight |")
    return "\n".join(lines)


def _time(seconds: float) -> str:
    if seconds >= 7200:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.month_end", description=__doc__)
    parser.add_argument("--subscriptions", type=number(1, whole=True), default=10_000_000)
    parser.add_argument("--per-customer", type=number(0.01), default=Business.per_customer)
    parser.add_argument(
        "--aligned", type=number(0, 1), default=0.1, help="the share that renews with the month, at midnight"
    )
    parser.add_argument("--spread", type=number(0, DAY, whole=True), nargs="+", default=[0, 300], help="seconds")
    parser.add_argument("--capacity", type=number(0.01), nargs="+", default=[100, 500, 5_000], help="renewals a second")
    asked = parser.parse_args()
    business = Business(asked.subscriptions, per_customer=asked.per_customer)
    print(table(business, asked.aligned, asked.spread, asked.capacity))


if __name__ == "__main__":
    main()
