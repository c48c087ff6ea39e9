"""Where a running server can be reached."""

import dataclasses
import json


@dataclasses.dataclass(frozen=True)
class Endpoints:
    address: str
    http_address: str
    ui_address: str | None
    pid: int
    owner_pid: int
    """The process that started it and will stop it."""

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Endpoints | None":
        """None for anything that is not one whole record: its writer may have been interrupted."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return None
