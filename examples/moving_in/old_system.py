"""The billing system that you leave: it writes its 500 running subscriptions as a table for `import`.

    python examples/moving_in/old_system.py > old.csv

20 are paid by the month, and it has not charged them for the month that began within this hour. The others are paid for
the year, until the first of the month after next. Two rows have faults, as the tables of old systems do. SUBSCRIPTIONS
is how many there are instead.
"""

import csv
import os
import sys
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

CUSTOMERS = ("fabrikam", "adatum", "northwind", "proseware", "city-power")
SUBSCRIPTIONS = int(os.environ.get("SUBSCRIPTIONS", "500"))
MONTHLY = 20
Row = dict[str, object]
FAULTS: dict[int, Row] = {3: {"offer": "contoso-crm-2019"}, 36: {"state": "paused"}}


def months_after(start: datetime, count: int) -> datetime:
    """The same day and time so many months later, or the last day of a month that is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


def yearly(now: datetime) -> Row:
    """A year that is paid, of two licences."""
    ends = months_after(now.replace(day=1, hour=0), 2)
    begun = months_after(ends, -12)
    return {"offer": "contoso-erp", "quantity": 2, "unit_price": "700.00"} | terms(begun, begun, ends)


def monthly(now: datetime) -> Row:
    """The month that ends now, of three licences. The first month began in January a year ago, on this day."""
    first = now.replace(year=now.year - 1, month=1)
    begun = months_after(first, 12 + now.month - 2)
    return {"offer": "contoso-crm", "quantity": 3, "unit_price": "9.00"} | terms(first, begun, now)


def terms(first: datetime, begun: datetime, ends: datetime) -> Row:
    """When the first term began, when the running one did, and until when it is paid."""
    return {
        "ordered_at": first.isoformat(),
        "anchor": first.isoformat(),
        "term_start": begun.isoformat(),
        "paid_until": ends.isoformat(),
    }


def rows(now: datetime) -> Iterator[Row]:
    """The rows, as of an hour before."""
    as_of = (now - timedelta(hours=1)).isoformat()
    for number in range(SUBSCRIPTIONS):
        whose: Row = {"subscription_id": f"old-{number + 1}", "customer": CUSTOMERS[number % len(CUSTOMERS)]}
        what = monthly(now) if number < MONTHLY else yearly(now)
        yield {**whose, **what, "state": "active", "as_of": as_of, **FAULTS.get(number, {})}


if __name__ == "__main__":
    found = list(rows(datetime.now(UTC).replace(minute=0, second=0, microsecond=0)))
    table = csv.DictWriter(sys.stdout, found[0], lineterminator="\n")
    table.writeheader()
    table.writerows(found)
