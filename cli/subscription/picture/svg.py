"""Elements of SVG. Text and attributes are escaped here, and nowhere else."""

from html import escape

from cli.failure import printable

Svg = str
"""Markup that is ready to be put into the file."""


def element(name: str, *content: Svg, **attributes: object) -> Svg:
    """An element with that content. `class_` is `class`, and `_` in other names `-`."""
    given = "".join(f' {_name(key)}="{text(str(value))}"' for key, value in attributes.items())
    inside = "".join(content)
    return f"<{name}{given}>{inside}</{name}>" if inside else f"<{name}{given}/>"


def text(words: str) -> Svg:
    """The words on one line, escaped."""
    return escape(printable(words))


def hint(words: str) -> Svg:
    """What a pointer that rests on the element shows, and a reader of screens says."""
    return element("title", text(words))


def percent(place: float) -> str:
    """A place across."""
    return f"{place:.3f}%"


def shortened(words: str, most: int) -> str:
    """At most so many characters."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
