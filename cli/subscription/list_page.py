"""Where a page of the list ended: a mark that a person can copy into the next command."""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from typer import BadParameter

from domain.faults import shown

LIVING, ENDED = "l", "e"
LONGEST = 4096
CHECK = 4


@dataclass(frozen=True)
class Mark:
    """Among the living the server's own token, among the ended the last id.

    As text it is a word that needs no quotes, with a check: a server asked with half a token only says that
    something went wrong, and does so late.
    """

    of_server: bool
    token: bytes

    def __str__(self) -> str:
        checked = zlib.crc32(self.token).to_bytes(CHECK) + self.token
        return f"{LIVING if self.of_server else ENDED}{urlsafe_b64encode(checked).decode().rstrip('=')}"


def marked(typed: "str | Mark") -> Mark:
    """A parser of marks."""
    text = str(typed)
    kind, token = text[:1], text[1:]
    try:
        known = kind in {LIVING, ENDED} and len(text) <= LONGEST and token.isascii()
        read = urlsafe_b64decode(token + "=" * (-len(token) % 4)) if known else b""
        mark = Mark(of_server=kind == LIVING, token=read[CHECK:])
        if known and str(mark) == text and (mark.of_server or mark.token.decode().isascii()):
            return mark
    except ValueError:
        pass
    raise BadParameter(f"got {shown(text)}; takes the mark that the last page ended with.")
