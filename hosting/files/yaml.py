"""Read a YAML file as plain data. Instants stay text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from domain.faults import Fault, MalformedFile

MAX_BYTES = 1024 * 1024
MAX_VALUES = 200_000
MAX_DEPTH = 32
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]{0,17})")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_TAG = "tag:yaml.org,2002:"
Place = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """The safe loader without timestamps: the models parse them, to the microsecond and with their offset."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != f"{_TAG}timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Read:
    """A file's data, the line in which each value begins, and the faults."""

    data: object = None
    lines: dict[Place, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read(path: Path, *, max_bytes: int = MAX_BYTES, max_values: int = MAX_VALUES) -> Read:
    """The file's data with its lines and faults. A file that is not YAML has no data."""
    try:
        text = text_of(path, max_bytes)
        node = yaml.compose(text, Loader=_Loader)
    except MalformedFile as malformed:
        return Read(faults=malformed.faults)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place, got = _place(text, mark)
        fault = Fault(path=place, got=got, takes=f"YAML ({error.problem or error.context})")
        return Read(lines={place: mark.line + 1} if mark else {}, faults=[fault])
    except yaml.YAMLError as error:
        return Read(faults=[Fault(path=(), got=None, takes=f"YAML ({' '.join(str(error).split())})")])
    except RecursionError:
        return Read(faults=[Fault(path=(), got=None, takes=_DEPTH)])
    if node is None:
        return Read()
    reader = _Reader(max_values)
    try:
        data = reader.plain(node, (), 0)
    except MalformedFile as malformed:
        return Read(lines=reader.lines, faults=[*reader.faults, *malformed.faults])
    return Read(data=data, lines=reader.lines, faults=reader.faults)


_DEPTH = f"values nested at most {MAX_DEPTH} deep"


def text_of(path: Path, max_bytes: int) -> str:
    """The text of a UTF-8 file, with or without a byte order mark. Raises MalformedFile."""
    try:
        path.stat()
        if not path.is_file():
            raise _malformed((), None, "a regular file")
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise _malformed((), None, f"a file that can be read ({error.strerror})") from None
    if len(content) > max_bytes:
        raise _malformed((), "a larger file", f"at most {max_bytes // 1024} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _malformed((), content[error.start : error.end], f"UTF-8 text (byte {error.start + 1} is not)") from None


def _place(text: str, mark: yaml.Mark | None) -> tuple[tuple[str, ...], str | None]:
    """The place of the fault, and the text of its line."""
    if mark is None:
        return (), None
    lines = text.splitlines()
    line = lines[mark.line].strip() if mark.line < len(lines) else None
    return (f"line {mark.line + 1}, column {mark.column + 1}",), line or "the end of the file"


def _malformed(path: Place, got: object, takes: str) -> MalformedFile:
    return MalformedFile([Fault(path=path, got=got, takes=takes)])


class _Reader:
    """Turns YAML nodes into data, and collects their lines and faults."""

    def __init__(self, max_values: int) -> None:
        self.lines: dict[Place, int] = {}
        self.faults: list[Fault] = []
        self._most = self._left = max_values

    def plain(self, node: Node, path: Place, depth: int) -> object:
        """The node's data. Aliases are resolved; the limits on values and depth also bound what they expand to."""
        self._left -= 1
        self.lines[path] = node.start_mark.line + 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise _malformed(path, None, _DEPTH if depth > MAX_DEPTH else f"at most {self._most} values in a file")
        if isinstance(node, MappingNode):
            return {key: self.plain(value, (*path, key), depth + 1) for key, value in self._entries(node, path)}
        if isinstance(node, SequenceNode):
            return [self.plain(value, (*path, index), depth + 1) for index, value in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node, path)

    def _entries(self, node: MappingNode, path: Place) -> Iterator[tuple[str, Node]]:
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode) or key.tag != f"{_TAG}str":
                got = key.value if isinstance(key, ScalarNode) else "a list or a mapping"
                self._fault(path, got, f"text as a key (line {line})")
                continue
            if key.value in seen:
                self._fault((*path, key.value), f"it again in line {line}", f"one value (line {seen[key.value]})")
            seen.setdefault(key.value, line)
            yield key.value, value

    def _scalar(self, node: ScalarNode, path: Place) -> object:
        text: str = node.value
        match node.tag.removeprefix(_TAG):
            case "str" if text.isascii() or not _SURROGATE.search(text):
                return text
            case "null":
                return None
            case "bool" if text.lower() in _Loader.bool_values:
                return _Loader.bool_values[text.lower()]
            case "int" if _INTEGER.fullmatch(text):
                return int(text)
            case "float":
                try:
                    return float(text)
                except ValueError:
                    pass
        self._fault(path, text, "text (in quotes), a plain number of at most 18 digits, true or false")
        return None

    def _fault(self, path: Place, got: object, takes: str) -> None:
        self.faults.append(Fault(path=path, got=got, takes=takes))
