"""The schema of the state that each run of a workflow hands to the next: its version, and the steps from older ones.

A field that is new, and right with its default, needs no version. Any other change of a state is a new version, with a
step that makes it of a state of the version before. So is another default: states are written without them (`Lean`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.calendar import TermLength
from domain.subscription.first_answers import DIGESTS_KEPT, digest_of_hex

State = Mapping[str, Any]
"""A state as it is written, in JSON."""
Upcaster = Callable[[State], State]

VERSION = "schema_version"
"""The field with the version's number. A state without it was written before states had numbers, and is version 1."""


class NewerState(Exception):
    """A newer version of the code has written the state. It must be left to that version: nothing of it may be lost."""


@dataclass(frozen=True)
class StateSchema:
    """How one kind of workflow writes its state. `upcasters` has, for each older version, the step to the next one."""

    upcasters: Mapping[int, Upcaster]

    @property
    def version(self) -> int:
        """The version that this code writes; the newest that it reads."""
        return len(self.upcasters) + 1

    def current(self, state: State) -> State:
        """The state as this code would have written it. Raises NewerState, and ValueError for a number that is none."""
        found = state.get(VERSION, 1)
        if not isinstance(found, int) or isinstance(found, bool) or found < 1:
            raise ValueError(f"{VERSION}: got {found!r}; takes a whole number from 1")
        if found > self.version:
            raise NewerState(
                f"The state has schema version {found}, and this worker reads up to version {self.version}. "
                "Start workers of the newer build: they go on from here."
            )
        for version in range(found, self.version):
            state = {**self.upcasters[version](state), VERSION: version + 1}
        return state


def _with_stream_and_origin(state: State) -> State:
    """Such states are of running subscriptions: their origin counted with the first record, which is in the books."""
    return {"stream": {}, "origin": {}, **state}


def _delivery_of_a_request(state: State) -> State:
    """A delivery handed on the request that had started it, without its wait for an operator."""
    stream = {name: state[name] for name in ("publisher", "told", "afresh", "skip")}
    return {"subscription_id": state["subscription_id"], "last": state["last"], "stream": stream}


def _with_use(state: State) -> State:
    """What a usage offer keeps of when it could be used, and at which price (USE-1, USE-2).

    Earlier versions did not keep the prices of past terms and past suspensions: they count at the running price, and
    as time with access. Unbilled usage was one number.
    """
    life = state.get("life", {})
    before = life.get("subscription", {})
    if before.get("offer", {}).get("billing_type") != "usage":
        return state
    kept: dict[str, Any] = {}
    if before["state"] in ("pending", "suspended"):
        since = before["ordered_at"] if before["state"] == "pending" else before["holds"][0]["at"]
        kept["gaps"] = [{"start": since}]
        if (units := before.get("unbilled_usage")) is not None:
            usage = [{"used_at": since, "units": units}] if Decimal(units) else []
            kept["unbilled"] = {"at": before["last_at"], "usage": usage}
    term = before.get("term")
    if term and term["months_in"]:
        anchor, length = before["anchor"], TermLength(before["offer"]["term"]).months
        number = term["number"] - term["months_in"] // length
        past = {"number": number, "anchor": anchor, "months_in": 0, "start": anchor, "end": term["start"]}
        kept["past"] = [{**past, "unit_price": before["unit_price"]}]
    return {**state, "life": {**life, "subscription": {**before, **kept}}}


def _with_short_digests(state: State) -> State:
    """The ids of commands had digests of 10 hexadecimal digits. With 2,000 of them, there may have been more ids."""
    life = state.get("life", {})
    digests = [life["used"][at : at + 10] for at in range(0, len(life.get("used", "")), 10)]
    used = "".join(map(digest_of_hex, digests))
    return {**state, "life": {**life, "used": used, "forgets": len(digests) >= DIGESTS_KEPT}} if used else state


SUBSCRIPTION = StateSchema({1: _with_stream_and_origin, 2: _with_use, 3: _with_short_digests})
ACCOUNT = StateSchema({})
PRICE_CHANGE = StateSchema({})
BULK = StateSchema({})
DELIVERY = StateSchema({1: _delivery_of_a_request})
