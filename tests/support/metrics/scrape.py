"""What Prometheus reads from a worker, as samples."""

import re
from dataclasses import dataclass

import httpx2

_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\\\]|\\\\.)*)"')


@dataclass(frozen=True)
class Sample:
    """A value under its name and labels."""

    name: str
    labels: dict[str, str]
    value: float


class Scrape:
    """The samples of one answer."""

    def __init__(self, text: str) -> None:
        found = _SAMPLE.findall(text)
        self.samples = [Sample(name, dict(_LABEL.findall(labels)), float(value)) for name, labels, value in found]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples with these labels; 0 without one."""
        return sum(each.value for each in self.samples if each.name == name and labels.items() <= each.labels.items())

    def has(self, name: str) -> bool:
        """Whether there is a sample of that name."""
        return any(each.name == name for each in self.samples)

    def labels_of(self, name: str) -> set[str]:
        """The labels that samples of that name have."""
        return {label for each in self.samples if each.name == name for label in each.labels}


async def scraped(address: str) -> Scrape:
    """What the address has now."""
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        answer = await http.get(f"{address}/metrics")
    answer.raise_for_status()
    return Scrape(answer.text)
