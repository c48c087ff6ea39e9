"""The faults over HTTP: a form for people, JSON for tests."""

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from examples.publisher.csrf import FIELD
from examples.publisher.desk import Desk
from examples.publisher.faults import Board, Fault
from examples.publisher.forms import body_of, form_of
from examples.publisher.pages.faults import faults_page

FORM = "faults"
_FIELDS = ("percent", "next", "seconds")


class Switches:
    """The endpoints of the faults page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: Request) -> Response:
        """GET: the form."""
        return self._page(request)

    async def set(self, request: Request) -> Response:
        """POST: set the switches as in the form, or all off."""
        form = await form_of(request)
        if not self._desk.guard.holds(request, FORM, form.get(FIELD, "")):
            return self._page(request, typed=form, fault="This page was too old. Check it and set it again.")
        if "clear" in form:
            self._desk.faults.clear()
            return self._page(request, saved=True)
        try:
            board = _typed(form)
        except ValidationError as error:
            return self._page(request, typed=form, fault=_words(error))
        self._desk.faults.replace(board)
        return self._page(request, saved=True)

    async def put(self, request: Request) -> Response:
        """PUT: a Board as JSON. Another site's page cannot make a browser send this type without asking first."""
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise HTTPException(415, "The body must be application/json.")
        try:
            board = Board.model_validate_json(await body_of(request))
        except ValidationError as error:
            raise HTTPException(422, _words(error)) from None
        self._desk.faults.replace(board)
        return await self.read(request)

    async def read(self, _: Request) -> Response:
        """GET: the board as JSON."""
        return Response(self._desk.faults.board.model_dump_json(), media_type="application/json")

    def _page(
        self, request: Request, *, typed: dict[str, str] | None = None, fault: str = "", saved: bool = False
    ) -> Response:
        guard = self._desk.guard
        visit = guard.visit(request)
        response = faults_page(
            self._desk.publisher,
            self._desk.faults.board,
            guard.seal(visit, FORM),
            typed=typed if fault else None,
            fault=fault,
            saved=saved,
        )
        guard.remember(response, visit)
        return response


def _typed(form: dict[str, str]) -> Board:
    """The board from the form. An empty field has its default."""
    board: dict[str, object] = {"seed": form["seed"]} if form.get("seed") else {}
    for fault in Fault:
        board[fault] = {field: form[f"{fault}-{field}"] for field in _FIELDS if form.get(f"{fault}-{field}", "")}
    return Board.model_validate(board, strict=False)


def _words(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'the board'}: {one['msg']}".replace("Value error, ", "")
        for one in error.errors(include_url=False)
    )
