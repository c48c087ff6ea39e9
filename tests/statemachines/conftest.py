"""One bounded profile for properties: the same examples on every machine, and no time limit."""

from hypothesis import Phase, settings

PHASES = (Phase.explicit, Phase.generate, Phase.shrink)
settings.register_profile("bounded", derandomize=True, deadline=None, max_examples=100, phases=PHASES)
settings.load_profile("bounded")
