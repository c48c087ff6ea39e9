"""Arguments that no handler takes, as a bare client can send them."""

import json

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

JSON = b"json/plain"


def raw(data: bytes, encoding: bytes = JSON, **metadata: bytes) -> RawValue:
    return RawValue(Payload(metadata={"encoding": encoding, **metadata}, data=data))


def as_json(value: object) -> RawValue:
    return raw(json.dumps(value).encode())


TAKEN_BY_OPERATORS_UPDATES = "the words of a state in a text"
"""Who asks is free text, so updates of operators take this one."""
BAD_ARGUMENTS: list[tuple[str, list[RawValue]]] = [
    ("none", []),
    ("two", [as_json({}), as_json({})]),
    ("two of which one is unreadable", [as_json({}), raw(b"?", b"binary/unheard-of")]),
    ("null", [as_json(None)]),
    ("a number", [as_json(5)]),
    ("a list", [as_json([])]),
    ("text", [as_json("now")]),
    ("an empty mapping", [as_json({})]),
    ("an unknown field", [as_json({"life": 1})]),
    ("a state that is none", [as_json({"life": {"subscription": {}}, "periods_per_run": 3, "progress": {}})]),
    (TAKEN_BY_OPERATORS_UPDATES, [as_json({"by": '"life" "progress"'})]),
    ("half of JSON", [raw(b'{"order": ')]),
    ("nothing at all", [raw(b"")]),
    ("not UTF-8", [raw(b'{"order": "\xff\xfe"}')]),
    ("NUL", [raw(b"\0\0\0")]),
    ("NaN", [raw(b'{"order": NaN}')]),
    ("a number beyond all", [raw(b'{"order": 1e999}')]),
    ("a number of 5,000 digits", [raw(b'{"order": ' + b"9" * 5_000 + b"}")]),
    ("half of a surrogate pair", [raw(b'{"by": "\\ud800"}')]),
    ("NUL in a text", [as_json({"by": "a\0b", "order": "a\0b"})]),
    ("a field twice", [raw(b'{"by": "service", "by": 1}')]),
    ("fifty", [as_json({})] * 50),
    ("20,000 lists", [raw(b"[" * 20_000 + b"]" * 20_000)]),
    ("an unknown encoding", [raw(b"{}", b"binary/unheard-of")]),
    ("no encoding", [RawValue(Payload(data=b"{}"))]),
    ("encrypted", [raw(b"\x93\x12", b"binary/encrypted")]),
    ("binary null", [raw(b"", b"binary/null")]),
    ("binary null with bytes", [raw(b"x", b"binary/null")]),
    ("bytes", [raw(b"x", b"binary/plain")]),
    ("protobuf", [raw(b"\xff", b"binary/protobuf", messageType=b"temporal.api.common.v1.Payload")]),
    ("protobuf of no type", [raw(b"\xff", b"binary/protobuf", messageType=b"no.Such")]),
    ("protobuf in JSON", [raw(b"{}", b"json/protobuf", messageType=b"\xff")]),
    ("150,000 unknown fields", [as_json({f"{number}": 1 for number in range(150_000)})]),
    ("20,000 mappings, one inside the other", [raw(b'{"a":' * 20_000 + b"1" + b"}" * 20_000)]),
    ("a text of 1.9 MB", [as_json({"order": "x" * 1_900_000})]),
]
"""Name, and what is sent: wrong numbers, types, encodings, sizes and depths. A server takes at most 2 MB."""
