"""Training: one loop for every task, and what it needs.

    fit(architecture, task, data, recipe, folder) → Run     from an architecture to a run folder
    resume(folder) → Run                                    go on where a run was stopped or killed
    train(model, task, data, recipe, run)                   the loop itself, `loop.py`

Importing this package does not import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weftnet.train.listeners._listener import Listener
    from weftnet.train.loop import train
    from weftnet.train.recipe import Recipe
    from weftnet.train.result import TrainingResult
    from weftnet.train.running import fit, resume
    from weftnet.train.start import Start

__all__ = ["Listener", "Recipe", "Start", "TrainingResult", "fit", "resume", "train"]

_LAZY = {
    "Listener": "listeners._listener", "Recipe": "recipe", "Start": "start", "TrainingResult": "result",
    "fit": "running", "resume": "running", "train": "loop",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
