"""Perennial's command line: `python starter.py --help`."""

import sys


def main() -> None:
    """Run the command. Ctrl-C ends it cleanly from its first moment on."""
    try:
        from cli.app import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
