"""The query `what_if`: how a subscription would go on with some commands."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from domain.subscription.commands import AnyCommand
from domain.subscription.decision import Answer
from domain.subscription.events import Event
from domain.subscription.ledger import LedgerRow
from domain.values import Frozen, RequestInstant, Strict
from statemachines.preview.course import Course, Planned
from statemachines.preview.simulator import Simulator
from statemachines.subscription.timeline import Milestone
from workflows.durable.arguments import check_forecast


class WhatIf(Strict):
    """Commands to try, and the instant up to which to forecast."""

    commands: Annotated[tuple[AnyCommand, ...], Field(max_length=100, strict=False)] = ()
    until: RequestInstant


class Forecast(Frozen):
    """How the subscription would go on: answers, events, ledger rows, and the timeline after them."""

    answers: tuple[Answer, ...]
    events: tuple[Event, ...]
    rows: tuple[LedgerRow, ...]
    timeline: tuple[Milestone, ...]

    @classmethod
    def of(cls, simulator: Simulator, question: WhatIf, now: datetime) -> "Forecast":
        """Simulate the question's commands, each at its instant or now, up to `until`.

        Raises ApplicationError of type `Malformed` for an instant that is too far ahead.
        """
        check_forecast("until", question.until, now)
        for index, command in enumerate(question.commands):
            check_forecast(f"commands[{index}].at", command.at or now, now)
        plan = [Planned(max(command.at or now, now), command) for command in question.commands]
        course = Course.on(simulator, question.until, plan)
        return cls(answers=course.answers, events=course.events, rows=course.rows, timeline=course.timeline)
