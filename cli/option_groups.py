"""Options that many commands share, as dataclasses: a command takes one, and its fields become options."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with each parameter that is a dataclass spread into one option a field."""
    signature = inspect.signature(command, eval_str=True)
    groups = {name: p.annotation for name, p in signature.parameters.items() if _is_group(p.annotation)}

    @functools.wraps(command)
    def run(**given: Any) -> None:
        for name, group in groups.items():
            fields = {field.name: given.pop(field.name) for field in dataclasses.fields(group)}
            given[name] = group(**fields)
        command(**given)

    spread = [part for p in signature.parameters.values() for part in _spread(p)]
    run.__signature__ = signature.replace(parameters=spread)  # type: ignore[attr-defined]  # what Typer reads
    run.__annotations__ = {part.name: part.annotation for part in spread}
    return run


def _is_group(annotation: object) -> bool:
    return isinstance(annotation, type) and dataclasses.is_dataclass(annotation)


def _spread(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    if not _is_group(parameter.annotation):
        yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        return
    types = {
        name: annotation
        for base in reversed(parameter.annotation.__mro__)
        for name, annotation in inspect.get_annotations(base, eval_str=True).items()
    }
    for field in dataclasses.fields(parameter.annotation):
        default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
        yield inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=types[field.name]
        )
