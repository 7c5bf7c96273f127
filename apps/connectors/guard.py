"""Where a connector may connect: public https addresses, or hosts the operator listed.

A source's address comes from a person, so it must not become a way into the network of the
portal. The name is resolved once, every answer is judged, and the connection goes to exactly the
judged address; redirects are not followed.
"""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from apps.common.errors import Invalid

Resolver = Callable[[str, int], list[str]]
_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")


class AddressRefused(Exception):
    """The address may not be connected to; the message is safe to show."""


@dataclass(frozen=True, slots=True)
class Target:
    """A judged base address."""

    scheme: str
    host: str
    port: int
    path: str
    listed: bool

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def parse_base_url(raw: str) -> Target:
    """The normalised address. Raises Invalid with the reason and what to write instead."""
    parts = urlsplit(raw.strip())
    try:
        port = parts.port
    except ValueError:
        port = -1
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in _PORTS or not host or port == -1:
        raise _refused("This is not an address.", "Write it like https://api.example.com.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _refused(
            "An address has no user, query or fragment.", "Keep the scheme, the host and the path."
        )
    port = port or _PORTS[parts.scheme]
    listed = is_listed(host, port)
    if parts.scheme != "https" and not listed:
        raise _refused(
            "Only https is allowed.",
            "Use https, or have the host added to CONNECTOR_ALLOWED_HOSTS.",
        )
    literal = _as_ip(host)
    if literal and not listed and not is_public(literal):
        raise _refused(
            "This address is inside a private network.",
            "Use the provider's public address, or have the host added to CONNECTOR_ALLOWED_HOSTS.",
        )
    return Target(parts.scheme, host, port, parts.path.rstrip("/"), listed)


def is_listed(host: str, port: int) -> bool:
    """Whether the operator allowed this host, with or without its port."""
    allowed = {entry.strip().lower() for entry in settings.CONNECTOR_ALLOWED_HOSTS}
    shown = f"[{host}]" if ":" in host else host
    return shown in allowed or f"{shown}:{port}" in allowed


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether the address is one of the open internet.

    IPv6 addresses that carry an IPv4 one (mapped, 6to4, NAT64) are as public as that one: a
    translator on the way delivers to it. Others must be global unicast (RFC 4291).
    """
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    inner = address.ipv4_mapped or address.sixtofour
    if address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(inner)
    return address in _UNICAST and address.is_global


def _as_ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, as text."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def pin(target: Target, resolver: Resolver = resolve) -> str:
    """The address to connect to. Raises AddressRefused when a name leads into a private network."""
    try:
        addresses = resolver(target.host, target.port)
    except OSError as error:
        raise AddressRefused(f"The name {target.host} cannot be resolved.") from error
    if not addresses:
        raise AddressRefused(f"The name {target.host} has no address.")
    if not target.listed:
        for address in addresses:
            if not is_public(ipaddress.ip_address(address.split("%")[0])):
                raise AddressRefused(f"{target.host} leads to a private address.")
    return addresses[0]


def _refused(message: str, fix: str) -> Invalid:
    return Invalid(message, field="base_url", fix=fix)
