"""Optimisers and learning-rate schedules: one per file."""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

_HERE = Path(__file__).parent
OPTIMISERS: Registry[Any] = Registry("optimiser", f"{__name__}.optimisers", _HERE / "optimisers")
SCHEDULES: Registry[Any] = Registry("schedule", f"{__name__}.schedules", _HERE / "schedules")
