"""The addresses to which a publisher's host may resolve: public ones, and those in networks the operator allows."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from domain.catalog.publishers import Network

Address = IPv4Address | IPv6Address

# Python's `is_global` differs between versions, and counts some addresses as public that lead into a private network.
_NOT_PUBLIC_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT, and the metadata of a cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, to a machine on it
        "169.254.0.0/16",  # link-local, and the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
# Loopback, v4-compatible, NAT64, unique local, link-local, site-local and multicast are outside it.
_UNICAST_IPV6 = IPv6Network("2000::/3")
_NOT_PUBLIC_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # reserved for protocols such as Teredo
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
    )
)


class Unreachable(Exception):
    """The publisher's host has no address that may be used. The message is one line."""


def is_public(address: Address) -> bool:
    """Whether it is a host of the public Internet. Of IPv6 addresses that wrap IPv4, only ::ffff:0:0/96 can be."""
    address = _unwrapped(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_IPV4)
    if address.scope_id is not None or address not in _UNICAST_IPV6:
        return False
    return not any(address in network for network in _NOT_PUBLIC_IPV6)


def checked(host: str, answers: Iterable[str], allowed: Sequence[Network]) -> list[str]:
    """The addresses that the host resolved to. Raises Unreachable if one of them may not be used."""
    addresses = list(answers)
    if not addresses:
        raise Unreachable(f"{host} has no address")
    for answer in addresses:
        try:
            address = ip_address(answer)
        except ValueError:
            raise Unreachable(f"{host} resolves to something that is not an address") from None
        if not is_public(address) and not _is_in(address, allowed):
            raise Unreachable(
                f"{host} resolves to {address}, which is not a public address; allow its network with allow_networks"
            )
    return addresses


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    # An IPv4 address is never in an IPv6 network, so both forms are tried.
    return any(one in network for network in networks for one in (address, _unwrapped(address)))


def _unwrapped(address: Address) -> Address:
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
