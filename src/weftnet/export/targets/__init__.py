"""What a network can be written as: one file for each."""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

TARGETS: Registry[Any] = Registry("export target", __name__, Path(__file__).parent)
