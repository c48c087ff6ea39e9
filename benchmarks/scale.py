"""What many subscriptions need, by arithmetic: `python -m benchmarks.scale --subscriptions 250000`.

The tables of docs/scale.md are this program's; its text has the formulas.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, inf, log2, nan

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
SECONDS = 730 * 3600
"""Of a month."""
GB = 1e9
PRICES = ((5, 50), (10, 45), (20, 40), (50, 35), (100, 30), (200, 25))
"""Temporal Cloud: up to so many million actions a month, dollars a million; beyond, its sales are asked."""
ACTIVE, RETAINED = 0.042, 0.00105
"""Dollars a GB-hour of open and of ended runs."""
HOURS = 744
"""Hours of a month, as they are billed."""
PLAN = (500, 0.1)
"""The Business plan: at least so many dollars a month, or this share of what is used."""


@dataclass(frozen=True)
class Measured:
    """Medians on two cores, from benchmarks/README.md, and of an account from its recorded history of two years."""

    actions: float = 2.25
    told_actions: float = 1.08
    command_actions: float = 5.25
    account_actions: float = 8.7
    """A renewal's, and what telling it adds; a changing command's with its answer; an account's in a month."""
    events: float = 12.2
    """A renewal's, an account's in a month, and those of them that close the month."""
    account_events: float = 45
    closing_events: float = 28
    renewal_bytes: float = 2_716
    parked_bytes: float = 7_872
    """Of histories: what a renewal adds, and a sleeping run at most."""
    closing_writes: float = 3
    """What closing a month writes to the books."""
    booked_bytes: float = 20_480 / 12
    """The database's growth per renewal."""
    worker_ms: float = 12.3
    server_ms: float = 15.6
    """CPU of a renewal."""
    writes: float = 500
    """Decisions that one PostgreSQL with two cores records per second."""


@dataclass(frozen=True)
class Business:
    """What is sold: monthly terms, and what happens besides renewals."""

    subscriptions: int
    per_customer: float = 3
    commands_a_year: float = 1
    told: float = 0.5
    """The share whose publisher is notified."""
    retention_days: int = 30
    measured: Measured = Measured()

    @property
    def accounts(self) -> float:
        """Each customer has one."""
        return self.subscriptions / self.per_customer

    @property
    def actions(self) -> float:
        """Millions a month."""
        one = self.measured
        renewals = self.subscriptions * (one.actions + self.told * one.told_actions)
        commands = self.subscriptions * self.commands_a_year / 12 * one.command_actions
        return (renewals + commands + self.accounts * one.account_actions) / 1e6

    @property
    def active_gb(self) -> float:
        """Histories of open runs: each subscription has one, and each account."""
        return (self.subscriptions + self.accounts) * self.measured.parked_bytes / GB

    @property
    def retained_gb(self) -> float:
        """Histories of ended runs within their retention; an account's events are as large as a renewal's."""
        one = self.measured
        month = self.subscriptions * one.renewal_bytes
        month += self.accounts * one.account_events / one.events * one.renewal_bytes
        return month * self.retention_days / 30 / GB

    @property
    def booked_gb(self) -> float:
        """What a year adds to the database."""
        return self.subscriptions * 12 * self.measured.booked_bytes / GB

    @property
    def dollars(self) -> float | None:
        """Temporal Cloud a month; None where its sales are asked."""
        if self.actions > PRICES[-1][0]:
            return None
        paid, below = 0.0, 0.0
        for up_to, price in PRICES:
            paid += max(0.0, min(self.actions, up_to) - below) * price
            below = up_to
        paid += HOURS * (self.active_gb * ACTIVE + self.retained_gb * RETAINED)
        return paid + max(PLAN[0], PLAN[1] * paid)

    @property
    def work(self) -> float:
        """A month's work, as renewals: an account's costs as much as renewals with as many events."""
        return self.subscriptions + self.accounts * self.measured.account_events / self.measured.events

    @property
    def worker_cores(self) -> float:
        """Busy on the average."""
        return self.work * self.measured.worker_ms / 1000 / SECONDS

    @property
    def server_cores(self) -> float:
        """Busy on the average, on the embedded server."""
        return self.work * self.measured.server_ms / 1000 / SECONDS

    @property
    def writes(self) -> float:
        """Decisions recorded per second on the average; an account's month is closed, paid and looked at."""
        of_accounts = (self.measured.closing_writes + 1) * self.accounts
        return (self.subscriptions * (1 + self.commands_a_year / 12) + of_accounts) / SECONDS

    @property
    def shards(self) -> int:
        """History shards, a power of two, for at most 10,000 open workflows each."""
        return int(2 ** max(2, ceil(log2((self.subscriptions + self.accounts) / 10_000))))

    @property
    def closing(self) -> float:
        """The work of closing all accounts, as renewals."""
        return self.accounts * self.measured.closing_events / self.measured.events

    @property
    def closing_hours(self) -> float:
        """How long one database takes for all accounts, which close at one instant."""
        return self.measured.closing_writes * self.accounts / self.measured.writes / 3600


ROWS: tuple[tuple[str, Callable[[Business], str]], ...] = (
    ("renewals a second, average", lambda b: _number(b.subscriptions / SECONDS)),
    ("decisions recorded a second, average", lambda b: _number(b.writes)),
    ("busy worker cores, average", lambda b: _number(b.worker_cores)),
    ("busy server cores, average", lambda b: _number(b.server_cores)),
    ("history shards", lambda b: f"{b.shards:,}"),
    ("open histories (GB)", lambda b: _number(b.active_gb)),
    ("ended histories, kept for a month (GB)", lambda b: _number(b.retained_gb)),
    ("database, added in a year (GB)", lambda b: _number(b.booked_gb)),
    ("actions a month (millions)", lambda b: _number(b.actions)),
    ("Temporal Cloud, Business plan, a month (USD)", lambda b: "ask its sales" if b.dollars is None else _dollars(b)),
    ("one database closes all accounts in (hours)", lambda b: _number(b.closing_hours)),
)


def table(sizes: Sequence[Business]) -> str:
    """The rows, with a column per size."""
    lines = ["| subscriptions | " + " | ".join(f"{size.subscriptions:,}" for size in sizes) + " |"]
    lines.append("|---|" + "---|" * len(sizes))
    lines += [f"| {words} | " + " | ".join(value(size) for size in sizes) + " |" for words, value in ROWS]
    return "\n".join(lines)


def _dollars(business: Business) -> str:
    return f"{business.dollars:,.0f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def number(low: float, high: float | None = None, *, whole: bool = False) -> Callable[[str], float]:
    """The type of an option that takes a number within these bounds."""
    takes = f"a {'whole ' if whole else ''}number from {low:g}" + (f" to {high:g}" if high is not None else "")

    def taken(text: str) -> float:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = nan
        if not low <= value <= (inf if high is None else high):
            raise argparse.ArgumentTypeError(f"got {text!r}; takes {takes}")
        return value

    return taken


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--subscriptions", type=number(1, whole=True), nargs="+", default=SIZES, help="how many; several give columns"
    )
    parser.add_argument("--per-customer", type=number(0.01), default=Business.per_customer)
    parser.add_argument("--commands-a-year", type=number(0), default=Business.commands_a_year)
    parser.add_argument(
        "--told", type=number(0, 1), default=Business.told, help="the share whose publisher is notified"
    )
    parser.add_argument("--retention-days", type=number(1, whole=True), default=Business.retention_days)
    asked = parser.parse_args()
    rest = {key: value for key, value in vars(asked).items() if key != "subscriptions"}
    print(table([Business(count, **rest) for count in asked.subscriptions]))


if __name__ == "__main__":
    main()
