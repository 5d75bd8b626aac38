"""Listeners: who is told what a training does, one file each. `_listener.py` says what they are told, and when.

tensorboard, mlflow, wandb      by name, from the command line too: `weftnet fit … --log tensorboard`
the progress bar                `weftnet.library.progress`
a `Listener` of your own        `weftnet.train_run(…, listeners=[Mine()])`
"""

from pathlib import Path
from typing import TYPE_CHECKING

from weftnet.registry import Registry

if TYPE_CHECKING:
    from weftnet.train.listeners._listener import Listener

LISTENERS: "Registry[type[Listener]]" = Registry("listener", __name__, Path(__file__).parent)
