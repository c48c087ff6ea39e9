"""A poller made by hand: `python -m benchmarks.bare.poller DATABASE SUBSCRIPTIONS MONTHS`.

Once a minute it scans one table for subscriptions that are due, and writes each one's row and next instant in one
transaction. Its clock is skipped to the next minute in which something is due, as the engines' clocks are. It prints
its renewals, and the seconds of the clock and of CPU that they took.

What it lacks: it renews up to a minute late, and not at all while its one process is down; nothing watches it. It
takes no commands, runs no second step that could fail by itself (access, notification), so it retries none. It keeps
no history of what it did and why, and has nothing to look at but its tables. A second process beside it renews twice.
"""

import sqlite3
import sys
import time

MINUTE = 60
PERIOD = 30 * 24 * 60 * MINUTE


def opened(path: str) -> sqlite3.Connection:
    """The two tables; written with the same care as the engines' (WAL, FULL)."""
    books = sqlite3.connect(path, isolation_level=None)
    books.execute("PRAGMA journal_mode = wal")
    books.execute("PRAGMA synchronous = full")
    books.execute("CREATE TABLE IF NOT EXISTS subscription (id TEXT PRIMARY KEY, period INTEGER, next_at INTEGER)")
    books.execute("CREATE INDEX IF NOT EXISTS due ON subscription (next_at)")
    books.execute("CREATE TABLE IF NOT EXISTS ledger (id TEXT, period INTEGER, amount_minor INTEGER)")
    return books


def scan(books: sqlite3.Connection, now: int) -> int:
    """Renew what is due; how many that were."""
    due = books.execute("SELECT id, period, next_at FROM subscription WHERE next_at <= ?", (now,)).fetchall()
    for name, period, at in due:
        books.execute("BEGIN IMMEDIATE")
        books.execute("INSERT INTO ledger VALUES (?, ?, 1000)", (name, period + 1))
        books.execute("UPDATE subscription SET period = ?, next_at = ? WHERE id = ?", (period + 1, at + PERIOD, name))
        books.execute("COMMIT")
    return len(due)


def main(path: str, subscriptions: int, months: int) -> None:
    """Renew each of them every month."""
    books = opened(path)
    rows = [(f"s-{number}", 0, PERIOD + number % MINUTE) for number in range(subscriptions)]
    books.executemany("INSERT INTO subscription VALUES (?, ?, ?)", rows)
    renewals = 0
    began, cpu = time.perf_counter(), time.process_time()
    while renewals < subscriptions * months:
        (first,) = books.execute("SELECT min(next_at) FROM subscription").fetchone()
        renewals += scan(books, (first // MINUTE + 1) * MINUTE)
    print(renewals, time.perf_counter() - began, time.process_time() - cpu)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
