"""The tasks: one per file. A task owns head, loss, metrics and the decoding of outputs into answers."""

from pathlib import Path

from netloom.registry import Registry

TASKS = Registry("task", __name__, Path(__file__).parent)
