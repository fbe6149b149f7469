"""Where webhooks may go: an address that a tenant names must not make this server speak to its own network.

Only https, only to addresses of the public internet. Names are resolved by the sender, which asks ``allowed`` about
every address it is about to connect to, so a name that resolves otherwise the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

URL_CHARACTERS_MAX = 2048

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that is given out for the public internet."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Permissions:
    """``networks``: addresses allowed beside the public ones. ``loopback_http``: `http://` to this machine too."""

    networks: tuple[Network, ...] = ()
    loopback_http: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """``host``: without brackets. ``path``: with its query."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """For the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def target(url: str, permissions: Permissions) -> Target:
    """Raises ValueError, with what to do, for an address no webhook may have."""
    if not 0 < len(url) <= URL_CHARACTERS_MAX or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"A webhook's address has 1 to {URL_CHARACTERS_MAX} printable ASCII characters and no spaces.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("This is not an address. Use https://HOST/PATH.") from None
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise ValueError("This is not an address a webhook can go to. Use https://HOST/PATH.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("Leave user and password out of the address: webhooks are signed, check the signature.")
    if parts.fragment:
        raise ValueError("Leave the fragment (#…) out of the address: it is never sent.")
    secure = parts.scheme == "https"
    literal = _literal(host)
    if literal is not None and not allowed(literal, permissions):
        raise ValueError("Webhooks do not go to private, local or reserved addresses.")
    if not secure and not (permissions.loopback_http and _is_loopback_name(host, literal)):
        raise ValueError("Webhooks go to https addresses only.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port or (443 if secure else 80), path)


def allowed(address: IpAddress, permissions: Permissions, *, secure: bool = True) -> bool:
    """Whether a webhook may be sent to this address. Without TLS only to this machine, where that is allowed."""
    address = _embedded(address)
    if permissions.loopback_http and address.is_loopback:
        return True
    if not secure:
        return False
    if any(address.version == network.version and address in network for network in permissions.networks):
        return True
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast


def _embedded(address: IpAddress) -> IpAddress:
    """The IPv4 address inside an IPv6 one that is only a way of writing it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _literal(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback_name(host: str, literal: IpAddress | None) -> bool:
    return host == "localhost" if literal is None else literal.is_loopback
