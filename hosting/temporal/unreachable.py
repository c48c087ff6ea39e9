"""Why a Temporal server could not be connected to, in one line with what to do, from what the SDK's core says."""

import re
from collections.abc import Callable
from typing import Any

from domain.next_step import Do, NextStep
from hosting.temporal.errors import ServerUnreachable, one_line

_CA, _NAME = "TEMPORAL_TLS_SERVER_CA_CERT_PATH", "TEMPORAL_TLS_SERVER_NAME"
_OURS = "TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH"
_CERTIFICATES = {
    "UnknownIssuer": f"its issuer is unknown: set {_CA} to the certificate of the CA that issued it",
    "NotValidForName": f"it is for another name: set {_NAME} to a name that it has, or correct TEMPORAL_ADDRESS",
    "Expired": "it has expired: its operator has to renew it",
    "NotValidYet": "it is not valid yet: see whether this machine's clock is right",
    "Revoked": "it was revoked: ask its operator",
}
"""What may be wrong with a server's certificate, by the beginning of the core's word for it."""


def unreachable(address: str, said: str, options: dict[str, Any]) -> ServerUnreachable:
    """The error for what the core said, of a connection with these options; credentials are never shown."""
    for pattern, words in _REFUSALS:
        if found := re.search(pattern, said):
            return ServerUnreachable(f"The Temporal server at {address!r} {words(found, options)}.")
    return not_reached(address, _reason(said))


def not_reached(address: str, reason: str) -> ServerUnreachable:
    """The error for an address at which nobody answers as a Temporal server does."""
    return ServerUnreachable(
        f"No Temporal server can be reached at {address!r} ({reason}): set TEMPORAL_ADDRESS to the host:port of yours.",
        NextStep(Do.START_WORKER, words="Start a server with a worker"),
    )


def _refused(found: re.Match[str], options: dict[str, Any]) -> str:
    advice = (
        "set TEMPORAL_API_KEY to a key that is valid, and may use it"
        if options.get("api_key")
        else f"set TEMPORAL_API_KEY, or {_OURS}, to what it accepts"
    )
    return f"refuses this client ({one_line(found[1])}): {advice}"


def _certificate(found: re.Match[str], _: dict[str, Any]) -> str:
    kind = next((each for each in _CERTIFICATES if found[1].startswith(each)), None)
    why = _CERTIFICATES[kind] if kind else f"{_spelled(found[1])}: see {_CA} and {_NAME}"
    return f"has a certificate that is not accepted; {why}"


def _without_tls(_: re.Match[str], options: dict[str, Any]) -> str:
    key = ", and TEMPORAL_API_KEY, with which it is the default" if options.get("api_key") else ""
    return f"does not speak TLS: correct TEMPORAL_ADDRESS, or unset TEMPORAL_TLS{key}"


def _own_certificate(found: re.Match[str], _: dict[str, Any]) -> str:
    return f"was not asked: the client certificate and its key cannot be used ({_spelled(found[1])}); correct {_OURS}"


def _hung_up(_: re.Match[str], options: dict[str, Any]) -> str:
    if options.get("tls") or options.get("api_key"):
        return f"ended the connection: it may want another client certificate. Set {_OURS}"
    return "ended the connection: it may want TLS. Set TEMPORAL_TLS=true, or a certificate or key"


_REFUSALS: list[tuple[str, Callable[[re.Match[str], dict[str, Any]], str]]] = [
    (r'code: (?:Unauthenticated|PermissionDenied), message: "([^"]*)"', _refused),
    (r"InvalidCertificate\((\w+)", _certificate),
    (r"InvalidMessage\(InvalidContentType\)", _without_tls),
    (r"(InconsistentKeys|PrivateKeyParseError|CertificateParseError|NoCertificatesPresented)", _own_certificate),
    (r"AlertReceived\(|UnexpectedEof|BrokenPipe|ConnectionReset|operation was canceled", _hung_up),
]
"""What the core says where the server is there, and does not take this client."""


def _spelled(word: str) -> str:
    """`CamelCase` in words."""
    return " ".join(re.findall(r"[A-Z][a-z]*", word)).lower()


def _reason(message: str) -> str:
    """The reason in the core's nested Rust values: the innermost quoted text."""
    quoted = re.findall(r'(?:message|error): "([^"]+)"', message)
    return one_line(quoted[-1] if quoted else message).lower()
