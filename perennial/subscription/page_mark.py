"""Where a page of the list of subscriptions ended."""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Self

from domain.next_step import PerennialError

LIVING_MARK, ENDED_MARK = "l", "e"
LONGEST_MARK = 4096
CHECK_BYTES = 4


class MarkRefused(PerennialError):
    """The server does not know the mark: it belongs to another list."""


@dataclass(frozen=True)
class PageMark:
    """Where a page ended: among the living the server's own token, among the ended the last id.

    As text it is a word that needs no quotes, with a checksum: the server answers half a token late, and only with
    "something went wrong".
    """

    of_server: bool
    token: bytes

    def __str__(self) -> str:
        checked = zlib.crc32(self.token).to_bytes(CHECK_BYTES) + self.token
        return f"{LIVING_MARK if self.of_server else ENDED_MARK}{urlsafe_b64encode(checked).decode().rstrip('=')}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The mark of that text. Raises ValueError."""
        kind, token = text[:1], text[1:]
        if kind in {LIVING_MARK, ENDED_MARK} and len(text) <= LONGEST_MARK and token.isascii():
            read = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            mark = cls(of_server=kind == LIVING_MARK, token=read[CHECK_BYTES:])
            if str(mark) == text and (mark.of_server or mark.token.decode().isascii()):
                return mark
        raise ValueError("takes the mark that the last page ended with")
