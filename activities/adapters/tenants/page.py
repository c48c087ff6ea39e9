"""The one page that people see: a sign-in form, and what came of it."""

from html import escape

from starlette.responses import HTMLResponse

# Nothing is loaded from anywhere, and no other site can show it in a frame.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
}
_STYLE = "body{font:1.1rem system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem}label,input,button{display:block}"


def sign_in_page(tenant: str = "", user: str = "", words: str = "", status: int = 200) -> HTMLResponse:
    """The form, filled in as before, with the answer above it."""
    answer = f'<p role="status"><strong>{escape(words)}</strong></p>' if words else ""
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title><style>{_STYLE}</style></head>
<body><h1>Sign in</h1>{answer}
<form method="post" action="/sign-in">
<label for="tenant">Tenant</label><input id="tenant" name="tenant" value="{escape(tenant)}" required>
<label for="user">User</label><input id="user" name="user" value="{escape(user)}" required>
<button>Sign in</button></form>
<p>A tenant is named as its subscription; its users are <code>user</code> and <code>admin</code>.</p>
</body></html>
"""
    return HTMLResponse(page, status, _HEADERS)
