"""Nothing to solve: the network answers as it is built, as one without weights does.

W stays what it is
"""

from torch import nn

from weftnet.data.data import Data
from weftnet.tasks._task import Task


def as_is(model: nn.ModuleDict, task: Task, data: Data, seed: int) -> None:
    """Leave the network as it is.

    Args:
        model: stays as it is.
        task, data, seed: are not looked at.
    """
