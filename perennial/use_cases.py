"""All use cases, by noun: what a program does with Perennial."""

from perennial.sources.sources import Sources


class Perennial:
    """The way in for programs; `hosting.opening` makes one. Values in, values out; a refusal by a rule is an answer."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
