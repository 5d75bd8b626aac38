"""Kinds of column: one per file, with fit, encode, decode, state and from_state (see `_kind.py`)."""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

KINDS: Registry[Any] = Registry("kind of column", __name__, Path(__file__).parent)
