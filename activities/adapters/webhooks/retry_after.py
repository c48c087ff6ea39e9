"""When a publisher wants to be asked again: the header `Retry-After`."""

import re
from datetime import UTC, datetime, timedelta

LONGEST = timedelta(hours=24)
# All three forms of a date that HTTP knows.
_DATES = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")
_SECONDS = re.compile(r"-?[0-9]{1,100}")


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """The pause that is asked for, from 0 to 24 hours; None where none is, or not in words that HTTP knows."""
    if header is None:
        return None
    text = header.strip()
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=min(max(int(text), 0), LONGEST.total_seconds()))
    for date in _DATES:
        try:
            at = datetime.strptime(text, date).replace(tzinfo=UTC)
        except ValueError:
            continue
        return min(max(at - now, timedelta(0)), LONGEST)
    return None
