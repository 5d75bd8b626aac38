"""The methods of compression, one a file."""

from pathlib import Path

from weftnet.registry import Registry

METHODS = Registry("compression method", __name__, Path(__file__).parent)
