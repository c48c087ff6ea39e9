"""The endpoint that receives notifications: verify, apply, answer. Faults come in between if they are switched on."""

import asyncio
from math import ceil

from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from examples.publisher.desk import Desk
from examples.publisher.faults import Drawn, Fault
from examples.publisher.log import FAULTED
from examples.receiver.inbox import LARGEST_BODY, Message, Receipt, Verdict


class NoAnswer(Response):
    """Closes the connection instead of answering; with `hold` only when the client leaves or the server stops."""

    def __init__(self, desk: Desk, *, hold: bool = False) -> None:
        super().__init__()
        self._desk = desk
        self._hold = hold

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        gone = asyncio.ensure_future(_disconnected(receive))
        if self._hold:
            closing = asyncio.ensure_future(self._desk.closing.wait())
            await asyncio.wait({gone, closing}, return_when=asyncio.FIRST_COMPLETED)
            closing.cancel()
        self._desk.hang_up(scope)
        # The server answers 500 if an endpoint ends while the connection is open.
        await gone


async def receive(request: Request, desk: Desk) -> Response:
    """Verify the message, apply it and answer. Only genuine messages can get a fault."""
    try:
        body = await _body(request)
    except ClientDisconnect:
        return NoAnswer(desk)
    seen = await asyncio.to_thread(desk.inbox.verify, request.headers, body)
    if isinstance(seen, Receipt):
        await asyncio.to_thread(desk.log.refused, seen, request.headers.get("webhook-id", ""))
        return _said(seen)
    drawn = desk.faults.draw(seen.id)
    return await _faulty(desk, seen, drawn) if drawn else await _applied(desk, seen)


async def _applied(desk: Desk, message: Message, fault: Fault | None = None) -> Response:
    receipt = await asyncio.to_thread(desk.apply, message, fault)
    # Woken after the answer is sent: a rejection must not arrive before the acknowledgement.
    return _said(receipt, BackgroundTask(desk.rejections.wake) if receipt.verdict is Verdict.APPLIED else None)


async def _faulty(desk: Desk, message: Message, drawn: Drawn) -> Response:
    match drawn.fault:
        case Fault.SLOW:
            answer = await _applied(desk, message, drawn.fault)
            await _pause(desk, drawn.seconds)
            return answer
        case Fault.REORDER:
            await _pause(desk, drawn.seconds)
            return await _applied(desk, message, drawn.fault)
        case Fault.DROP:
            await _applied(desk, message, drawn.fault)
            desk.rejections.wake()
            return NoAnswer(desk)
    await asyncio.to_thread(desk.log.note_unapplied, message, FAULTED, drawn.fault.words, drawn.fault)
    match drawn.fault:
        case Fault.ERROR:
            return JSONResponse({"verdict": FAULTED, "why": "broken on purpose"}, 500)
        case Fault.TOO_MANY:
            return JSONResponse(
                {"verdict": FAULTED, "why": "too many on purpose"}, 429, {"Retry-After": str(ceil(drawn.seconds))}
            )
    return NoAnswer(desk, hold=drawn.fault is Fault.TIMEOUT)


def _said(receipt: Receipt, then: BackgroundTask | None = None) -> Response:
    verdict = receipt.verdict
    return JSONResponse({"verdict": verdict, "why": receipt.why}, verdict.status, background=then)


async def _body(request: Request) -> bytes:
    """The body; reading stops when it is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            break
    return body


async def _pause(desk: Desk, seconds: float) -> None:
    try:
        await asyncio.wait_for(desk.closing.wait(), seconds)
    except TimeoutError:
        return


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
