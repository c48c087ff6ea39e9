"""What a terminal or a pipe that is not UTF-8 shows for characters that its encoding lacks."""

import codecs

SIMPLER = "perennial.simpler"
"""The name of the error handler, for `reconfigure(errors=...)`."""
_SIMPLER = {"→": "->", "…": "...", "·": "-", "\u00d7": "x", "\u2013": "-", "\u2014": "-", "\u2019": "'"}


def _simpler(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_SIMPLER.get(character, "?") for character in lacking), error.end


codecs.register_error(SIMPLER, _simpler)


def as_written(text: str, encoding: str) -> str:
    """The text as it is written in the encoding, which may be longer."""
    return text.encode(encoding, SIMPLER).decode(encoding)
