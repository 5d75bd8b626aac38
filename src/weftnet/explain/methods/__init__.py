"""The methods: one per file, a function `NAME(request, …settings) → Attribution` on top of Captum."""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

METHODS: Registry[Any] = Registry("method", __name__, Path(__file__).parent)
