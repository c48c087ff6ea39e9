"""What a state keeps of refused signals: the sender of a signal gets no answer."""

from typing import Self

from domain.subscription.decision import Answer
from domain.values import Frozen, Lean, OmitEmpty

REFUSALS_KEPT = 5


class RefusedSignals(Frozen):
    """The last refused signals, kept so that people can see them."""

    refused_signals: OmitEmpty[tuple[Lean[Answer], ...]] = ()
    refused_signal_count: OmitEmpty[int] = 0

    def with_refused_signal(self, answer: Answer) -> Self:
        """The same with one more refused signal; the last `REFUSALS_KEPT` are kept."""
        kept, count = (*self.refused_signals, answer)[-REFUSALS_KEPT:], self.refused_signal_count + 1
        return self.model_copy(update={"refused_signals": kept, "refused_signal_count": count})
