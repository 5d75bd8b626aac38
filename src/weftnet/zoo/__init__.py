"""The zoo: one architecture family per file, a function that returns an `Architecture`."""

from pathlib import Path

from weftnet.registry import Registry

ZOO = Registry("zoo entry", __name__, Path(__file__).parent)
