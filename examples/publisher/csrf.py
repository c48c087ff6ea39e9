"""Accept forms from this site's own pages only: a value in a cookie, and its seal in the form."""

import hmac
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "visit"
FIELD = "seal"


class Guard:
    """Makes and checks seals. They are valid as long as this process runs."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def visit(self, request: Request) -> str:
        """The value from the browser's cookie, or a new one to set with `remember`."""
        given = request.cookies.get(COOKIE, "")
        return given if re.fullmatch(r"[0-9a-f]{32}", given) else secrets.token_hex(16)

    def remember(self, response: Response, visit: str) -> None:
        """Set the cookie. Lax, not strict: following a link to this site must not replace the value of another tab."""
        response.set_cookie(COOKIE, visit, httponly=True, samesite="lax")

    def seal(self, visit: str, form: str) -> str:
        """The value of the hidden field in the form of this name."""
        return hmac.digest(self._key, f"{visit}:{form}".encode(), "sha256").hex()

    def holds(self, request: Request, form: str, seal: str) -> bool:
        """Whether the form comes from a page of this site that was shown to this browser."""
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return False
        right = self.seal(request.cookies.get(COOKIE, ""), form)
        return hmac.compare_digest(right.encode(), seal.encode())
