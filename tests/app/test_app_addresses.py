"""Can a webhook's URL reach anything but the public internet?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.addresses import REFUSED, AddressError, choose, is_public

PRIVATE = re.findall(
    r"\S+",
    """
127.0.0.1 127.8.8.8 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200
0.0.0.0 0.1.2.3 192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 192.88.99.1 224.0.0.1
240.0.0.1 255.255.255.255 168.63.129.16 :: ::1 fe80::1 fc00::1 fd00:ec2::254 fec0::1 ff02::1
::ffff:127.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 2002:7f00:1:: 2002:a9fe:a9fe:: 2001:0:1::1 2001:db8::1
fe80::1%eth0 100::1 5f00::1 3fff::1
""",
)
PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:1.1.1.1"]
SECRET_NETWORKS = [ip_network(text) for text in ("10.0.0.0/8", "169.254.0.0/16", "127.0.0.0/8")]


def answering(*addresses: str) -> object:
    def lookup(_: str, __: int) -> Sequence[str]:
        return addresses

    return lookup


def chosen(*addresses: str, allowed: Sequence[str] = ()) -> tuple[object, bool]:
    networks = [ip_network(text) for text in allowed]
    return choose("host", 443, networks, answering(*addresses))  # type: ignore[arg-type]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(AddressError, match="address-refused"):
        chosen(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_chosen(address: str) -> None:
    found, allowed = chosen(address)
    assert str(found) == address.removeprefix("::ffff:")
    assert not allowed


def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    with pytest.raises(AddressError, match="address-refused"):
        chosen("1.1.1.1", "127.0.0.1")


@pytest.mark.parametrize("addresses", [(), ("no address",)])
def test_a_host_without_an_address_is_unknown(addresses: tuple[str, ...]) -> None:
    with pytest.raises(AddressError, match="unknown-host"):
        chosen(*addresses)


def test_an_allowed_network_opens_itself_and_nothing_else() -> None:
    assert chosen("127.0.0.1", allowed=["127.0.0.0/8"]) == (IPv4Address("127.0.0.1"), True)
    with pytest.raises(AddressError):
        chosen("10.0.0.1", allowed=["127.0.0.0/8"])


@given(st.ip_addresses(v=4))
def test_no_form_of_ipv6_hides_a_refused_ipv4_address(address: IPv4Address) -> None:
    """Mapped, compatible, translated (NAT64), 6to4 and Teredo."""
    number = int(address)
    forms = [
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(number),
        IPv6Address(0x0064_FF9B << 96 | number),
        IPv6Address(0x0064_FF9B_0001 << 80 | number),
        IPv6Address(0x2002 << 112 | number << 80),
        IPv6Address(0x2001_0000 << 96 | (number ^ 0xFFFFFFFF)),
    ]
    for form in forms:
        if not is_public(address) or form.ipv4_mapped is None:
            with pytest.raises(AddressError):
                chosen(str(form))


@given(st.sampled_from([*REFUSED, *SECRET_NETWORKS]), st.integers(min_value=0))
def test_no_address_of_a_refused_network_is_public(network: object, number: int) -> None:
    first = network.network_address  # type: ignore[attr-defined]
    size = network.num_addresses  # type: ignore[attr-defined]
    assert not is_public(ip_address(type(first)(int(first) + number % size)))
