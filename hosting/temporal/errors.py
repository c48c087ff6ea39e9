"""What can go wrong with a server. Each message is one line for a person."""

from domain.next_step import PerennialError


def one_line(said: str) -> str:
    """What a server or library said, as a short part of one of these lines."""
    return " ".join(said.split())[:200].rstrip(".")


class HostingError(PerennialError):
    """Base of these errors: print the line and exit, without a traceback."""


class ServerUnreachable(HostingError):
    """No Temporal server answers at the address."""


class ServerFailed(HostingError):
    """The embedded server did not start, or stopped."""


class ServerCrashed(ServerFailed):
    """The embedded server crashed while starting; the next try mostly succeeds."""


class PortInUse(ServerFailed):
    """The embedded server could not bind its port."""


class DirectoryInUse(HostingError):
    """Another process uses the data directory, and its server cannot be joined."""


class DirectoryUnusable(HostingError):
    """The data directory does not exist and cannot be created."""


class ServerGone(HostingError):
    """The worker's server does not answer any more."""


class NamespaceNotReady(HostingError):
    """The namespace is missing, or cannot be set up as Perennial needs it."""


class SearchAttributeMismatch(NamespaceNotReady):
    """A search attribute of that name exists with another type."""
