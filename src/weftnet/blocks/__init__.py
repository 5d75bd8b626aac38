"""The catalogue of blocks: one plain `nn.Module` per file, in a folder per family."""

from pathlib import Path

from weftnet.registry import Registry

BLOCKS = Registry("block", __name__, Path(__file__).parent)
