"""The catalogue of blocks: one plain `nn.Module` per file, in a folder per family."""

from pathlib import Path
from typing import TYPE_CHECKING

from weftnet.registry import Registry

if TYPE_CHECKING:
    from torch import nn

BLOCKS: "Registry[type[nn.Module]]" = Registry("block", __name__, Path(__file__).parent)
