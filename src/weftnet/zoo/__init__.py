"""The zoo: one architecture family per file, a function that returns an `Architecture`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from weftnet.registry import Registry

if TYPE_CHECKING:
    from weftnet.architecture.spec import Architecture

ZOO: "Registry[Callable[..., Architecture]]" = Registry("zoo entry", __name__, Path(__file__).parent)
