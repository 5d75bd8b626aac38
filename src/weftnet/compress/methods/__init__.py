"""The methods of compression, one per file."""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

METHODS: Registry[Any] = Registry("compression method", __name__, Path(__file__).parent)
