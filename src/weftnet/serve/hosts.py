"""The names under which a server may be asked: the header `Host`.

A page of a stranger can have its own name resolve to the address of this server (DNS rebinding), and a browser then
hands it every reply. The request still says the stranger's name. Names of this machine are answered, and those that are
allowed; at a wildcard address also every address, which no name can stand behind.

Starlette's TrustedHostMiddleware knows neither addresses nor JSON.
"""

import ipaddress
import socket
from collections.abc import Iterable, Sequence

from weftnet.serve.refusal import Refusal

#: names of this machine for itself
LOCAL = ("localhost", "127.0.0.1", "::1")


class Hosts:
    """Allowed hosts.

    Args:
        host: that the server listens on.
        allowed: further names; `*.example.com` is every name that ends so, `*` every name at all.
    """

    def __init__(self, host: str, allowed: Sequence[str] = ()) -> None:
        names = [name.lower().rstrip(".") for name in allowed]
        self._all = "*" in names
        self._endings = tuple(name[1:] for name in names if name.startswith("*."))
        listening = _address(host)
        self._any_address = not host or (listening is not None and listening.is_unspecified)
        own = socket.gethostname() if self._any_address else host
        self._names = frozenset((*names, *LOCAL, own.lower()))

    def require(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Refuse a request that was meant for another server.

        Raises:
            Refusal: 421 for a host that is not allowed, 400 for a request without one.
        """
        if self._all:
            return
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1:
            raise Refusal(400, "the request needs one header Host", got=str(len(hosts)))
        if not self._answers(host := _host(hosts[0].decode("latin-1"))):
            fix = "start the server with --allowed-host NAME"
            raise Refusal(421, "the server is not asked under this name", got=repr(host[:100]), fix=fix)

    def _answers(self, host: str) -> bool:
        if host in self._names or host.endswith(self._endings):
            return True
        return self._any_address and _address(host) is not None


def _host(header: str) -> str:
    """Without the port, and an IPv6 address without its brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower().rstrip(".")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
