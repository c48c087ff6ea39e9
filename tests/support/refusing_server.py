"""A server in place of Temporal's that answers every gRPC request with one status, plain or behind TLS."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.service import RPCStatusCode

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEAD = struct.Struct(">BHBBI")
"""A frame's length in three bytes, its type, flags and stream (RFC 9113, 4.1)."""
_HEADERS, _SETTINGS, _PING = 1, 4, 6
_ACK, _END_STREAM, _END_HEADERS = 1, 1, 4


def _frame(kind: int, flags: int, stream: int, content: bytes = b"") -> bytes:
    return _HEAD.pack(len(content) >> 16, len(content) & 0xFFFF, kind, flags, stream) + content


def _field(name: str, value: str) -> bytes:
    """A header field as a literal that nobody has to remember (RFC 7541, 6.2.2)."""
    return b"\0" + b"".join(bytes([len(text)]) + text.encode() for text in (name, value))


@asynccontextmanager
async def refusing_server(
    status: RPCStatusCode, message: str, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, list[int]]]:
    """Its address, and the requests that it has refused so far, each by its stream."""
    refused: list[int] = []
    indexed_200 = b"\x88"
    fields = [("content-type", "application/grpc"), ("grpc-status", str(status.value)), ("grpc-message", message)]
    answer = indexed_200 + b"".join(_field(*each) for each in fields)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readexactly(len(_PREFACE))
            writer.write(_frame(_SETTINGS, 0, 0))
            while True:
                high, low, kind, flags, stream = _HEAD.unpack(await reader.readexactly(_HEAD.size))
                content = await reader.readexactly(high << 16 | low)
                if kind == _SETTINGS and not flags & _ACK:
                    writer.write(_frame(_SETTINGS, _ACK, 0))
                elif kind == _PING and not flags & _ACK:
                    writer.write(_frame(_PING, _ACK, 0, content))
                elif kind == _HEADERS:
                    refused.append(stream)
                    writer.write(_frame(_HEADERS, _END_STREAM | _END_HEADERS, stream, answer))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", refused
