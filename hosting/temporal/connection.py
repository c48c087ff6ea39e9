"""Connect to a Temporal server: by Temporal's own configuration, or to a given address."""

import asyncio
import atexit
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import Client, Interceptor
from temporalio.envconfig import ClientConfigProfile

from hosting.temporal.errors import ServerUnreachable, one_line
from hosting.temporal.telemetry import CoreLog, runtime
from hosting.temporal.unreachable import not_reached, unreachable
from workflows.guard.converter import DATA_CONVERTER

DEFAULT_ADDRESS = "localhost:7233"
DEFAULT_NAMESPACE = "default"
CONNECT_TIMEOUT = timedelta(seconds=5)

# A process that exits right after a call to the server aborts in one run of three: the SDK's threads still use the
# interpreter (temporalio/sdk-python#300). This gives them the moment they need.
atexit.register(time.sleep, 0.05)


async def connect(
    address: str | None = None,
    *,
    namespace: str | None = None,
    own: str | None = None,
    core_log: CoreLog = "OFF",
    timeout: timedelta = CONNECT_TIMEOUT,
    metrics: str | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Connect as every Temporal program does: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TLS, API key, temporal.toml.

    Arguments take precedence over that configuration. `own` is the address of an embedded server, for where neither
    names one; it needs no keys. `metrics` is where this process serves its metrics, if it does.
    Raises ServerUnreachable, and PortInUse for the metrics.
    """
    profile = configured()
    if own and not (address or profile.address):
        served = namespace or profile.namespace or DEFAULT_NAMESPACE
        return await connect_to(
            own, namespace=served, core_log=core_log, timeout=timeout, metrics=metrics, interceptors=interceptors
        )
    with _readable():
        options: dict[str, Any] = dict(profile.to_client_connect_config())
    options["interceptors"] = interceptors
    options["target_host"] = address or profile.address or DEFAULT_ADDRESS
    if namespace is not None:
        options["namespace"] = namespace
    return await _dial(options, core_log, timeout, metrics)


def configured(variables: dict[str, str] | None = None) -> ClientConfigProfile:
    """Temporal's own configuration, of its file and of the process's variables, or these. Raises ServerUnreachable."""
    with _readable():
        return ClientConfigProfile.load(override_env_vars=variables)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError, OSError, TypeError, KeyError) as error:
        raise ServerUnreachable(
            f"Temporal's own configuration (TEMPORAL_... variables, temporal.toml) cannot be read: "
            f"{one_line(str(error))}. Correct it, or unset it to use the defaults."
        ) from None


async def connect_to(
    address: str,
    *,
    namespace: str = DEFAULT_NAMESPACE,
    identity: str | None = None,
    core_log: CoreLog = "OFF",
    timeout: timedelta = CONNECT_TIMEOUT,
    metrics: str | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Connect to exactly this server, without keys or TLS: Temporal's configuration is for another server.

    `metrics` is where this process serves its metrics, if it does. Raises ServerUnreachable, and PortInUse for the
    metrics.
    """
    options = {"target_host": address, "namespace": namespace, "identity": identity, "interceptors": interceptors}
    return await _dial(options, core_log, timeout, metrics)


async def _dial(options: dict[str, Any], core_log: CoreLog, timeout: timedelta, metrics: str | None = None) -> Client:
    address = options["target_host"]
    if not re.fullmatch(r"[^\s/]+:\d{1,5}", address):
        # The SDK would choose a port by itself, or print its own warning.
        raise ServerUnreachable(
            f"The Temporal address {address!r} is not host:port: correct TEMPORAL_ADDRESS "
            "(or temporal.toml), for example localhost:7233."
        )
    runs_in = runtime(core_log, metrics)
    try:
        # The SDK's own timeout covers only the TCP connection, not a port that never answers.
        dialled = Client.connect(**options, data_converter=DATA_CONVERTER, runtime=runs_in)
        return await asyncio.wait_for(dialled, timeout.total_seconds())
    except TimeoutError:
        raise not_reached(address, f"no answer within {timeout.total_seconds():g} s") from None
    except (RuntimeError, ValueError) as error:
        raise unreachable(address, str(error), options) from None
