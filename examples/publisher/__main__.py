"""`python -m examples.publisher`: the publisher as a program."""

import argparse
import asyncio
import base64
import os
import re
import secrets
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from examples.publisher import operators_file
from examples.publisher.server import CannotServe, PublisherServer

SECRETS = "PUBLISHER_SECRETS"
FILE, SECRETS_FILE = "publishers.yaml", "secrets.yaml"
GATEWAY_PORT = 8236
"""The marketplace's default."""


class Misuse(Exception):
    """An option or secret is invalid. The message is one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Misuse(f"{message[:1].upper()}{message[1:]}. See --help.")


def main(words: list[str] | None = None) -> int:
    """Serve until stopped and return 0. Return 1 if port or folder cannot be used, and 2 for invalid options."""
    try:
        options = _parser().parse_args(words)
        keys, origin = _secrets(options)
        asyncio.run(_serve(_server(options, keys, origin), options, keys))
    except Misuse as error:
        return _failed(str(error), 2)
    except CannotServe as error:
        return _failed(str(error), 1)
    except KeyboardInterrupt:
        return 0
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m examples.publisher", description="An example publisher that receives notifications."
    )
    parser.add_argument("--port", type=_whole(0, 65535), default=8235, help="0 for any free one (default: %(default)s)")
    parser.add_argument("--data-dir", type=Path, default=Path("var/publisher"), help="default: %(default)s")
    parser.add_argument(
        "--gateway", type=_address, default=f"http://127.0.0.1:{GATEWAY_PORT}", help="default: %(default)s"
    )
    parser.add_argument("--id", type=_id, default="contoso", help="this publisher's id (default: %(default)s)")
    parser.add_argument(
        "--secret-file",
        type=Path,
        help=f"one whsec_ secret per line, the first signs; else {SECRETS}, else DATA_DIR/secrets, created if missing",
    )
    parser.add_argument("--max-quantity", type=_whole(0, 2**53), help="reject a change to a larger quantity")
    parser.add_argument("--seed", type=_whole(0, 2**53), default=0, help="of the random faults (default: %(default)s)")
    return parser


def _server(options: argparse.Namespace, keys: list[str], origin: str) -> PublisherServer:
    try:
        return PublisherServer(
            options.data_dir,
            keys,
            options.gateway,
            publisher=options.id,
            port=options.port,
            max_quantity=options.max_quantity,
            seed=options.seed,
        )
    except ValueError as error:
        raise Misuse(f"{origin}: {error}.") from None


async def _serve(server: PublisherServer, options: argparse.Namespace, keys: list[str]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with server:
        print(f"{_operators_file(server, options, keys)}.")
        print(f"Publisher {options.id} receives notifications at {server.webhooks}")
        print(f"Buyers set up at {server.address}/set-up; the gateway is {options.gateway}")
        print(f"Look at {server.address}/events, /subscriptions and /faults")
        print(f"Have it imported: python starter.py catalog import {shlex.quote(str(options.data_dir / FILE))}")
        secrets_file = options.data_dir / SECRETS_FILE
        print(f"Next, in another terminal: {_marketplace(options, secrets_file)}", flush=True)
        await stopped.wait()


def _operators_file(server: PublisherServer, options: argparse.Namespace, keys: list[str]) -> str:
    try:
        catalog, secrets_file = options.data_dir / FILE, options.data_dir / SECRETS_FILE
        return operators_file.write(catalog, secrets_file, options.id, server.webhooks, keys)
    except OSError as error:
        raise CannotServe(
            f"The file {error.filename} cannot be used ({error.strerror}): choose another folder with --data-dir."
        ) from None


def _marketplace(options: argparse.Namespace, file: Path) -> str:
    """The command that starts a marketplace that notifies this publisher, with its gateway where it is expected."""
    port = urlsplit(options.gateway).port or GATEWAY_PORT
    elsewhere = f"PERENNIAL_GATEWAY_PORT={port} " if port != GATEWAY_PORT else ""
    return f"{elsewhere}PERENNIAL_SECRETS_FILE={shlex.quote(str(file))} make dev"


def _secrets(options: argparse.Namespace) -> tuple[list[str], str]:
    """The secrets, and where they come from."""
    path = options.secret_file or options.data_dir / "secrets"
    if options.secret_file is None:
        if given := os.environ.get(SECRETS, "").replace(",", " ").split():
            return given, SECRETS
        _make(path)
    try:
        lines = [line.strip() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise Misuse(f"The secrets of {path} cannot be read: {reason}.") from None
    return [line for line in lines if line and not line.startswith("#")], str(path)


def _make(path: Path) -> None:
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
    except OSError as error:
        raise CannotServe(
            f"The folder {path.parent} cannot be used ({error.strerror}): choose another with --data-dir."
        ) from None
    print(f"A secret was created in {path}.")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(given: str) -> int:
        if not re.fullmatch(r"[0-9]{1,16}", given) or not least <= int(given) <= most:
            raise argparse.ArgumentTypeError(f"takes a whole number from {least} to {most}, not {given[:40]!r}")
        return int(given)

    return read


def _address(given: str) -> str:
    try:
        parts = urlsplit(given)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole or parts.query or parts.fragment or parts.username:
        raise argparse.ArgumentTypeError(f"takes an address such as http://127.0.0.1:8236, not {given[:100]!r}")
    return given


def _id(given: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", given):
        raise argparse.ArgumentTypeError(f"takes up to 64 letters, digits, '_' and '-', not {given[:40]!r}")
    return given


def _failed(line: str, code: int) -> int:
    print(line, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
