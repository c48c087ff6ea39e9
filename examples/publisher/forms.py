"""Read the body of a request and the fields of a form."""

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

LARGEST_FORM = 16_384
"""Bytes."""


async def body_of(request: Request) -> bytes:
    """The body. Raises HTTPException 413 for one that is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise HTTPException(413, f"The body must have at most {LARGEST_FORM} bytes.")
    return body


async def form_of(request: Request) -> dict[str, str]:
    """The fields; a repeated field has its last value. Raises HTTPException 413, and 400 for too many fields."""
    try:
        fields = parse_qsl((await body_of(request)).decode(errors="replace"), max_num_fields=100)
    except ValueError:
        raise HTTPException(400, "The form has too many fields.") from None
    return {name: value.strip() for name, value in fields}
