"""The layout of every page, and its small parts."""

from collections.abc import Iterable
from datetime import UTC, datetime

from markupsafe import Markup
from starlette.responses import HTMLResponse

_PAGE = Markup("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · {name}</title><link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/style.css"></head>
<body><header><div class="wide"><a class="brand" href="/"><span class="mark">{initial}</span>{name}</a>{nav}</div>
</header>
<main class="{width}">
{content}
</main></body></html>
""")
_LINK = Markup('<a href="{}"{}>{}</a>')
_NAV = (("/events", "Events"), ("/subscriptions", "Subscriptions"), ("/faults", "Faults"))
_GOOD = frozenset({"applied", "active", "trial", "done"})
_FAIR = frozenset({"repeat", "passed", "unchanged", "pending"})
_DIM = frozenset({"cancelled", "expired", "deleted", "deprovisioned"})


def page(publisher: str, title: str, content: Markup, *, here: str = "", status: int = 200) -> HTMLResponse:
    """A whole page. `here` is the current page in the navigation; without it there is none, as on a buyer's page."""
    name = named(publisher)
    links = (_LINK.format(to, Markup(' aria-current="page"') if to == here else "", words) for to, words in _NAV)
    nav = Markup("<nav>{}</nav>").format(joined(links)) if here else ""
    width = "wide" if here else "narrow"
    return HTMLResponse(
        _PAGE.format(title=title, name=name, initial=name[:1], nav=nav, width=width, content=content), status
    )


def named(publisher: str) -> str:
    """The publisher's id as a name."""
    return publisher[:1].upper() + publisher[1:]


def joined(parts: Iterable[Markup]) -> Markup:
    """The parts on lines of their own."""
    return Markup("\n").join(parts)


def when(instant: datetime | str | None, *, exact: bool = False) -> Markup:
    """An instant in UTC, to the minute or, if `exact`, to the second."""
    try:
        moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    except ValueError:
        moment = None
    if moment is None:
        return dash(instant)
    at = moment.astimezone(UTC)
    words = f"{at:%Y-%m-%d %H:%M:%S}" if exact else f"{at.day} {at:%B %Y, %H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), words)


def dash(value: object) -> Markup:
    """The value, or a dash for nothing."""
    return Markup('<span class="dim">&ndash;</span>') if value is None or value == "" else Markup("{}").format(value)


def badge(word: str | None) -> Markup:
    """A verdict or state as a coloured label."""
    if not word:
        return dash(None)
    kind = "good" if word in _GOOD else "fair" if word in _FAIR else "off" if word in _DIM else "bad"
    return Markup('<span class="badge {}">{}</span>').format(kind, word.replace("_", " "))


def add_ons(quantities: dict[str, object] | dict[str, int]) -> Markup:
    """Add-ons with their quantities."""
    return dash(", ".join(f"{quantity} {name}" for name, quantity in sorted(quantities.items())))


def notice(kind: str, heading: str, *lines: object) -> Markup:
    """A box with a heading and some lines; kind is `good`, `fair` or `bad`."""
    paragraphs = joined(Markup("<p>{}</p>").format(line) for line in lines if line)
    return Markup('<section class="notice {}" role="{}"><h2>{}</h2>{}</section>').format(
        kind, "alert" if kind == "bad" else "status", heading, paragraphs
    )
