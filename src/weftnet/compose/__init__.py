"""From an architecture and its input signals to a network; every fault on the way has a place, a reason and a fix."""

from weftnet.compose.network import Network, build
from weftnet.compose.resolve import examine, resolve

__all__ = ["Network", "build", "examine", "resolve"]
