"""A worker: `worker.py` beside a Temporal server of yours, `worker.py --dev` with one of its own and the Web UI."""

from cli.start import main

if __name__ == "__main__":
    main("worker")
