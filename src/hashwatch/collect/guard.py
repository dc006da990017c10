"""Which addresses may be connected to, decided where the connection is made.

A name is resolved once, its addresses are checked, and the connection goes to the very address
that was checked: a name that answers differently the second time (DNS rebinding) gains nothing,
and a redirect is checked like any other request.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore

from hashwatch.errors import UnreachableError

Resolve = Callable[[str, int], Awaitable[list[str]]]

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_TUNNELS = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether the address belongs to the public internet.

    Private, link-local, shared (CGNAT), reserved, multicast and loop-back addresses do not, nor do
    IPv6 addresses that carry such an IPv4 address (mapped, NAT64), nor 6to4 and Teredo.
    """
    parsed = _parse(address)
    if isinstance(parsed, IPv4Address):
        return parsed.is_global and not parsed.is_multicast
    if parsed in _NAT64:
        return is_public(str(IPv4Address(int(parsed) & 0xFFFFFFFF)))
    return (
        parsed in _GLOBAL_UNICAST
        and parsed.is_global
        and not any(parsed in tunnel for tunnel in _TUNNELS)
    )


def is_loopback(address: str) -> bool:
    """Whether the address is this machine's own."""
    return _parse(address).is_loopback


def is_this_machine(host: str) -> bool:
    """Whether a host's name, as an operator wrote it, means the machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _parse(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


async def resolve_name(host: str, port: int) -> list[str]:
    """Every address of ``host``, in the system's order of preference."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"the name {host} cannot be looked up") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to public addresses, and to loop-back where ``permits`` says so."""

    def __init__(self, permits_loopback: Callable[[str, int], bool], resolve: Resolve) -> None:
        self._permits_loopback = permits_loopback
        self._resolve = resolve
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of ``host`` that is allowed and answers."""
        addresses = await self._resolve(host, port)
        allowed = [address for address in addresses if self._allows(address, host, port)]
        if not allowed:
            raise UnreachableError(
                f"{host} is at {', '.join(addresses) or 'no address'}, which is not on the public"
                " internet; hashwatch does not connect there"
            )
        failure: Exception | None = None
        for address in allowed:
            try:
                return await self._backend.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    def _allows(self, address: str, host: str, port: int) -> bool:
        if is_loopback(address):
            return self._permits_loopback(host, port)
        return is_public(address)
