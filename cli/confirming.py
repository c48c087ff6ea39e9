"""Ask a person at the terminal before something is done."""

import signal
import sys

from typer import Abort

from cli.failure import Misused


def at_a_terminal() -> bool:
    return sys.stdin.isatty()


def require_terminal(asks: str) -> None:
    """Raises Misused, with these words first, if there is no terminal to ask at."""
    if not at_a_terminal():
        instead = "add --yes to do it, or --dry-run to see what it would do"
        raise Misused(f"{asks}, and there is no terminal to ask at: {instead}.")


def confirm() -> None:
    """Ask on stderr: stdout is for the answer. Raises Abort unless the answer is yes, and KeyboardInterrupt at once."""
    sys.stderr.write("Do it? [y/N] ")
    sys.stderr.flush()
    # The event loop's handler would only note Ctrl-C, and wait for the end of the line.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        typed = sys.stdin.readline()
    except KeyboardInterrupt:
        sys.stderr.write("\nNothing was sent.\n")
        raise
    finally:
        signal.signal(signal.SIGINT, before)
    if typed.strip().lower() not in {"y", "yes"}:
        raise Abort
