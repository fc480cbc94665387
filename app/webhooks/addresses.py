"""Which addresses may the service connect to on a tenant's behalf?

A tenant chooses the URL, so it could aim at what only the service can reach (OWASP API7:2023,
CWE-918). Only addresses of the public internet are allowed, and only those that were checked are
connected to.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[str]]

# Beyond what `is_global` refuses. IANA calls these reachable, or Python's table did for a while.
REFUSED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "168.63.129.16/32",  # a cloud's metadata and DNS
        "192.0.0.0/24",
        "192.88.99.0/24",
        "224.0.0.0/3",
        # Forms that carry an IPv4 address to a translator or a tunnel (RFC 6052, 8215, 3056, 4380).
        "::/32",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
        "ff00::/8",
    )
)


class AddressError(Exception):
    """The host has no address, or one that must not be connected to."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of the host, from the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def choose(
    host: str, port: int, allowed: Sequence[Network], lookup: Resolve = resolve
) -> tuple[Address, bool]:
    """The address to connect to, and whether it is in an allowed private network.

    The host is looked up once. AddressError when any of its addresses is refused: a name with a
    public and a private address is an attempt.
    """
    try:
        addresses = [_parse(text) for text in lookup(host, port)]
    except (OSError, UnicodeError, ValueError) as error:
        raise AddressError("unknown-host") from error
    if not addresses:
        raise AddressError("unknown-host")
    private = [within(address, allowed) for address in addresses]
    if not all(
        known or is_public(address) for address, known in zip(addresses, private, strict=True)
    ):
        raise AddressError("address-refused")
    return addresses[0], private[0]


def _parse(text: str) -> Address:
    """The address; an IPv4 address in IPv6 notation is an IPv4 address."""
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_public(address: Address) -> bool:
    """Is it a single host of the public internet, in no form that hides another address?"""
    return address.is_global and not within(address, REFUSED)


def within(address: Address, networks: Sequence[Network]) -> bool:
    """Is the address in one of the networks?"""
    return any(address in network for network in networks)
