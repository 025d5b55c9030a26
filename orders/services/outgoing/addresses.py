"""Which addresses webhooks go to: such as everybody can reach, by TLS.

A name is resolved when an endpoint is saved, and again for each try; what connects uses the very address that was
checked, so a name that is resolved anew leads nowhere else. In development plain HTTP and this machine are allowed.
"""

import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid
from ordersite.core.fields import Field

MOST_CHARACTERS = 500
PORTS = {"https": 443, "http": 80}
# Seconds that a name server has. The system's resolver has a limit of its own that we cannot set: what takes longer
# goes on in its thread until the resolver gives it up, and nobody waits for it.
LONGEST_LOOK_UP = 5.0
# Such threads of one process.
LOOK_UPS = BoundedSemaphore(64)
# What IANA's registries list as not global, with the anycast of 6to4 relays, multicast and what is reserved.
NOT_PUBLIC_V4 = [
    ip_network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
]
# All that is global lies here: not fc00::/7, fe80::/10, fec0::/10 and ff00::/8, nor what holds an IPv4 address (mapped,
# compatible, NAT64).
PUBLIC_V6 = ip_network("2000::/3")
# Within it: Teredo, ORCHID and other protocols' own, documentation, and 6to4, which holds an IPv4 address too.
NOT_PUBLIC_V6 = [ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: its URL taken apart, and the address that was checked."""

    is_secure: bool
    host: str
    port: int
    path: str
    ip: str

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == PORTS["https" if self.is_secure else "http"] else f"{name}:{self.port}"


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet."""
    if isinstance(ip, IPv4Address):
        return not any(ip in net for net in NOT_PUBLIC_V4)
    return ip in PUBLIC_V6 and not any(ip in net for net in NOT_PUBLIC_V6)


def find_target(url: str) -> Target:
    """Takes a URL apart and resolves its name; raises Invalid where webhooks do not go there.

    A name may have several addresses: one that is not public refuses them all. Waits for a name server, so never to be
    called inside a transaction.
    """
    parts, port = take_apart(url)
    host = parts.hostname or ""
    is_secure = parts.scheme == "https"
    if not is_secure and not settings.WEBHOOKS_TO_LOOPBACK:
        raise Invalid(FaultCode.INVALID_WEBHOOK_SCHEME, Field.URL)
    addresses = resolve_host(host, port)
    for ip in addresses:
        if not (is_public(ip) or (settings.WEBHOOKS_TO_LOOPBACK and is_loopback(ip))):
            # Not where it leads: everybody may ask, and the names of a network are its own matter.
            raise Invalid(FaultCode.PRIVATE_ADDRESS, Field.URL, host=host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_secure, host, port, path, str(addresses[0]))


def take_apart(url: str) -> tuple[SplitResult, int]:
    """The parts of a URL, and its port; raises Invalid for one that cannot be called, or could be read in two ways."""
    unclear = len(url) > MOST_CHARACTERS or not re.fullmatch(r"https?://[!-~]+", url) or re.search(r"[\\#]", url)
    try:
        parts = urlsplit("" if unclear else url)
        port = parts.port
    except ValueError:  # a port above 65535, brackets that do not match
        parts, port = urlsplit(""), None
    if not parts.hostname or port == 0 or "@" in parts.netloc:
        raise Invalid(FaultCode.INVALID_WEBHOOK_URL, Field.URL)
    return parts, port or PORTS[parts.scheme]


def is_loopback(ip: IPv4Address | IPv6Address) -> bool:
    """Only as it is written itself: an address that is mapped into another is none."""
    return ip in ip_network("127.0.0.0/8") if isinstance(ip, IPv4Address) else ip == IPv6Address("::1")


def resolve_host(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    """The addresses of a name, or the one that is written out; raises Invalid where there is none."""
    with suppress(ValueError):
        return [ip_address(host)]
    found = look_up_name(host, port)
    if not found:
        raise Invalid(FaultCode.UNRESOLVED_HOST, Field.URL, host=host)
    return [ip_address(row[4][0]) for row in found]


def look_up_name(host: str, port: int) -> list[Any]:
    """What socket.getaddrinfo finds for a name; nothing where there is none, or within LONGEST_LOOK_UP no answer."""
    if not LOOK_UPS.acquire(timeout=LONGEST_LOOK_UP):
        return []
    answers: SimpleQueue[list[Any]] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):  # UnicodeError: a label of more than 63 characters
            answers.put([])
        finally:
            LOOK_UPS.release()

    Thread(target=ask, name="look-up of a name", daemon=True).start()
    try:
        return answers.get(timeout=LONGEST_LOOK_UP)
    except Empty:
        return []
