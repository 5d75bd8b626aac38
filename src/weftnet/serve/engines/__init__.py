"""What computes answers, one engine a file: each says which folders it can run, and loads them as a `Model`."""

from pathlib import Path

from weftnet.registry import Registry
from weftnet.serve.engines._engine import Engine

ENGINES: Registry[type[Engine]] = Registry("engine", __name__, Path(__file__).parent)
