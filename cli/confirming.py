"""Ask a person at the terminal before something is done."""

import signal
import sys

from typer import Abort


def at_a_terminal() -> bool:
    return sys.stdin.isatty()


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
