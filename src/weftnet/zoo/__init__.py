"""The zoo: one architecture family per file, a function that returns an `Architecture`."""

from collections.abc import Callable
from pathlib import Path

from weftnet.architecture.spec import Architecture
from weftnet.registry import Registry

ZOO: Registry[Callable[..., Architecture]] = Registry("zoo entry", __name__, Path(__file__).parent)
