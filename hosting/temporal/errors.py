"""What can go wrong between us and a server. Each message is the one line that a person reads."""

from domain.next_step import PerennialError


class HostingError(PerennialError):
    """Base of them all: print it and exit, no traceback."""


class ServerUnreachable(HostingError):
    """No Temporal server answers at the address."""


class ServerFailed(HostingError):
    """The embedded server did not start, or gave up."""


class ServerCrashed(ServerFailed):
    """The embedded server broke while starting: its own fault, and mostly gone at the next try."""


class PortInUse(ServerFailed):
    """The embedded server cannot have the port it was told to take."""


class DirectoryInUse(HostingError):
    """Another process holds the data directory, and its server cannot be joined."""


class DirectoryUnusable(HostingError):
    """The data directory is none, and none can be made there."""


class ServerGone(HostingError):
    """The server that a worker took its tasks from does not answer any more."""


class NamespaceNotReady(HostingError):
    """The namespace is missing, or it cannot be given what Perennial needs."""


class SearchAttributeMismatch(NamespaceNotReady):
    """A search attribute of our name has another type."""
