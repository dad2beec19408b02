"""Where webhooks may go: an address is written by a member's admin, and must not lead into the network of whoever runs this.

The name is resolved when something is sent, each address is judged here, and the connection goes to one that was judged: a name that
means something else a moment later changes nothing.
"""

from __future__ import annotations

import re
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, Final, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.domain.forms import ONE_LINE

Address: TypeAlias = IPv4Address | IPv6Address
Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]

LONGEST_URL: Final = 2000
_NAT64: Final = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
"""RFC 6052 and RFC 8215: an IPv4 address stands in the last four bytes."""
_COMPATIBLE: Final = ip_network("::/96")
"""IPv4-compatible addresses (RFC 4291, 2.5.5.1), given up long ago, and still routed by some."""
_NUMBER: Final = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
"""A last label that makes a host an address (URL Standard, 3.5)."""
_METADATA: Final = frozenset(map(ip_address, ("169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254")))
"""Where clouds tell a machine about itself, its keys among it; one of them is a public address."""


@cache
def networks(text: str) -> Networks:
    """Return networks written with commas between. Raises ``ValueError`` for what is none."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def may_reach(address: Address, allowed: Networks) -> bool:
    """Return whether something may be sent there: to what is allowed by name, or to what is anybody's."""
    return is_allowed(address, allowed) or _is_public(address)


def is_allowed(address: Address, allowed: Networks) -> bool:
    """Return whether the address lies in a network that whoever runs this has named."""
    meant = _inner(address) or address
    return any(each.version == network.version and each in network for each in (address, meant) for network in allowed)


def _is_public(address: Address) -> bool:
    inner = _inner(address)
    if inner is not None:
        return _is_public(inner)
    if address in _METADATA or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    return address.is_global


def _inner(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for, if it stands for one."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _NAT64) or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def literal(host: str) -> Address | None:
    """Return the address that a host is written as, None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_name(host: str) -> bool:
    """Return whether a host is a name to be looked up. ``127.1``, ``2130706433``, ``0x7f000001`` and ``0177.0.0.1`` are none: libraries
    take them for addresses without looking them up, and the system for 127.0.0.1.
    """
    return bool(host) and ":" not in host and _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is None


def _url(value: str) -> str:
    wrong = PydanticCustomError(
        "string_pattern_mismatch",
        "an address is written https://host/path, without a user's name, a password or a #",
    )
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise wrong from None
    host = parts.hostname or ""
    fits = parts.scheme in {"https", "http"} and (is_name(host) or literal(host)) and port != 0
    if not fits or "@" in parts.netloc or "#" in value or "\\" in value or " " in value:
        raise wrong
    if not value.isascii():
        raise PydanticCustomError("string_pattern_mismatch", "an address is written in ASCII, a name as its xn-- form")
    return value


_PATTERN: Final = r"^https?://[^\s@#\\/?:]+(:[0-9]{1,5})?([/?][^\s#\\@]*)?$"
Url: TypeAlias = Annotated[
    str,
    Field(max_length=LONGEST_URL),
    ONE_LINE,
    AfterValidator(_url),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": _PATTERN,
            "maxLength": LONGEST_URL,
            "examples": ["https://cad.example.org/concord"],
        }
    ),
]
"""Where a dispatch system is written to."""


def origin(url: str) -> str:
    """Return scheme, host and port of an address: what can be told of it without telling a secret in its path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"
