"""The formats a network can be exported to, one per file."""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

TARGETS: Registry[Any] = Registry("export target", __name__, Path(__file__).parent)
