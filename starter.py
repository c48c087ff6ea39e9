"""Perennial's command line: `python starter.py --help`."""

from cli.start import main

if __name__ == "__main__":
    main()
