"""Makes a workflow's updates: from a table of requests, or from the methods of one of its parts."""

import inspect
import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeVar, get_type_hints

from temporalio import workflow

from domain.subscription.commands import Command
from domain.subscription.decision import Answer
from domain.values import ID_PATTERN, Strict, fingerprint

W = TypeVar("W")
R = TypeVar("R", bound=Strict)


def command_id_of(update_id: str) -> str:
    """The command id of an update that names none: the update's own id, or what fits into the books of any other."""
    return update_id if re.fullmatch(ID_PATTERN, update_id) else f"update-{fingerprint(update_id)}"


def with_command_id(request: Command) -> Command:
    """The command with its id: its own, or else the update's, so that a repeat in a later run is known too."""
    info = workflow.current_update_info()
    if request.command_id is not None or info is None:
        return request
    return request.model_copy(update={"command_id": command_id_of(info.id)})


def request_updates(requests: Mapping[str, type[Strict]], decisions: str) -> Callable[[type[W]], type[W]]:
    """Give a workflow class one update per request, named and described as the table and the request's docstring say.

    `decisions` names the workflow's attribute that checks and answers them. Goes between the class and `workflow.defn`.
    """
    part = attrgetter(decisions)

    def check(owner: Any, request: Any) -> None:
        part(owner).check(request)

    async def answer(owner: Any, request: Any) -> Any:
        return await part(owner).answer(request)

    def add(cls: type[W]) -> type[W]:
        for name, takes in requests.items():
            setattr(cls, name, _update(name, takes, Answer, inspect.getdoc(takes) or "", answer, check))
        return cls

    return add


def part_update(part: str, do: Callable[[Any, R], Any], check: Callable[[Any, R], None]) -> Any:
    """An update that a part of the workflow carries out, such as `part_update("_operator", Wait.retry, Wait.check)`.

    `part` names the workflow's attribute. The update has the name, the request, the result and the docstring of `do`.
    """
    owned = attrgetter(part)
    hints = get_type_hints(do)

    def decided(owner: Any, request: Any) -> Any:
        return do(owned(owner), request)

    async def awaited(owner: Any, request: Any) -> Any:
        return await do(owned(owner), request)

    return _update(
        do.__name__,
        hints["request"],
        hints["return"],
        inspect.getdoc(do) or "",
        awaited if inspect.iscoroutinefunction(do) else decided,
        lambda owner, request: check(owned(owner), request),
    )


def _update(
    name: str, takes: type, gives: type, words: str, do: Callable[[Any, Any], Any], check: Callable[[Any, Any], None]
) -> Any:
    """A handler and its validator: without one, a wrong number of arguments is accepted, and fails for ever."""

    def decided(self: Any, request: Any) -> Any:
        return do(self, request)

    async def awaited(self: Any, request: Any) -> Any:
        return await do(self, request)

    handler: Any = awaited if inspect.iscoroutinefunction(do) else decided

    def validator(self: Any, request: Any) -> None:
        check(self, request)

    handler.__name__ = handler.__qualname__ = name
    handler.__doc__ = words
    handler.__annotations__ = {"request": takes, "return": gives}
    validator.__annotations__ = {"request": takes, "return": None}
    made = workflow.update(name=name, description=words.partition("\n")[0])(handler)
    made.validator(validator)
    return made
