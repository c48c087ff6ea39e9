"""How long the program takes to start: `--help` and `show` beside a bare import of the libraries that they need.

    .venv/bin/python -m benchmarks.start_up [SUBSCRIPTION]

`show` is measured if a subscription is named; it needs the server, and the settings that the worker runs with.
Each program runs in turn, so that a busy machine slows all of them alike. Compiled modules are kept, as for a user.
"""

import os
import subprocess
import sys
import time
from statistics import median

RUNS = 15
BARE = "import temporalio.client, sqlalchemy, pydantic, typer"


def main() -> None:
    """Measure, and print minimum, median and maximum in seconds, and the median as a ratio to the bare import."""
    programs = {"bare import": ["-c", BARE], "--help": ["starter.py", "--help"]}
    if subscriptions := sys.argv[1:]:
        programs["show"] = ["starter.py", "show", subscriptions[0]]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for words in programs.values():
        subprocess.run([sys.executable, *words], check=True, capture_output=True, env=kept)
    took: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(RUNS):
        for name, words in programs.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, capture_output=True, env=kept)
            took[name].append(time.perf_counter() - began)
    bare = median(took["bare import"])
    for name, times in took.items():
        low, middle, high = min(times), median(times), max(times)
        print(f"{name:<12} {low:6.2f} {middle:6.2f} {high:6.2f} s   ratio {middle / bare:.2f}")


if __name__ == "__main__":
    main()
