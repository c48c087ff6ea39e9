"""Forms that only our own pages can send: a value in a cookie, and its seal in the form."""

import hmac
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "visit"
FIELD = "seal"


class Guard:
    """Seals that hold as long as this process lives."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def visit(self, request: Request) -> str:
        """The browser's value, or a new one that `remember` has to give it."""
        given = request.cookies.get(COOKIE, "")
        return given if re.fullmatch(r"[0-9a-f]{32}", given) else secrets.token_hex(16)

    def remember(self, response: Response, visit: str) -> None:
        """Lax, not strict: who follows a link to us keeps the value that another tab's form has."""
        response.set_cookie(COOKIE, visit, httponly=True, samesite="lax")

    def seal(self, visit: str, form: str) -> str:
        """The hidden field of the form of this name."""
        return hmac.digest(self._key, f"{visit}:{form}".encode(), "sha256").hex()

    def holds(self, request: Request, form: str, seal: str) -> bool:
        """Whether the form comes from a page of ours that this browser was shown."""
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return False
        right = self.seal(request.cookies.get(COOKIE, ""), form)
        return hmac.compare_digest(right.encode(), seal.encode())
