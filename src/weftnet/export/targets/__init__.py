"""The formats a network can be exported to, one per file."""

from pathlib import Path

from weftnet.export.targets._target import Target
from weftnet.registry import Registry

TARGETS: Registry[type[Target]] = Registry("export target", __name__, Path(__file__).parent)
