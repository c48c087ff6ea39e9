"""Describe a failed attempt in one line, without repeating anything that the publisher sent."""

import os
import socket
import ssl
from collections.abc import Iterator

import httpx2

SEND_ERRORS = (httpx2.TransportError, httpx2.InvalidURL, OSError, ValueError)
"""Everything that an attempt can raise; UnicodeError is a ValueError."""


def problem_of(error: BaseException) -> str:
    """The problem as one bounded line, without address, query or secret."""
    if isinstance(error, httpx2.TimeoutException):
        return "connecting timed out"
    # While a handshake waits for the other side, these two are raised and handled; they are not the cause.
    causes = [cause for cause in _causes(error) if not isinstance(cause, ssl.SSLWantReadError | ssl.SSLWantWriteError)]
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS: its certificate is not accepted ({_reason(cause.verify_message)})"
        if isinstance(cause, ssl.SSLError):
            return f"TLS: no secure connection ({_reason(cause.reason)})"
        if isinstance(cause, socket.gaierror):
            return f"its name does not resolve ({_reason(cause.strerror)})"
        if isinstance(cause, UnicodeError | httpx2.InvalidURL):
            return "its address has no host name that can resolve"
    reason = next((os.strerror(cause.errno) for cause in causes if isinstance(cause, OSError) and cause.errno), None)
    match error:
        case httpx2.ConnectError():
            return f"cannot connect ({reason or 'no connection'})"
        case httpx2.ProtocolError():
            return "its answer is not a complete HTTP response"
        case _:
            return f"the connection was closed before it answered ({reason or 'closed'})"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup) and error.__cause__ is None:
            error = error.exceptions[0]
        else:
            error = error.__cause__ or error.__context__


def _reason(text: str | None) -> str:
    return " ".join((text or "no reason given").split())[:120]
