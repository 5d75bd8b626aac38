"""The constant answer: the same for every example, whatever it is.

W = 0,  b = log((n_k + 1) / (n + K))                    softmax: how often each of K classes occurs
        log((n_k + 1) / (n − n_k + 1))                  sigmoid: how often each label does
        mean of the target                              identity
"""

from collections.abc import Mapping

import torch
from torch import nn

from weftnet.architecture.signal import Signal
from weftnet.data.data import Data
from weftnet.solvers._flat import anything
from weftnet.solvers._problem import problem
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._task import Task


def constant(model: nn.ModuleDict, task: Task, data: Data, seed: int) -> None:
    """Set the last layer.

    Args:
        model: whose last layer with weights is dense or a convolution.
        task: that has a link.
        data: gives the training split.
        seed: decides nothing here.

    Raises:
        SettingError: the task or the network is not for this solver.
    """
    posed = problem(model, task, data)
    targets, outputs = posed.targets, posed.outputs
    if task.link == "identity":
        bias = targets.double().mean(0)
    elif task.link == "sigmoid":
        having = targets.double().sum(0)
        bias = ((having + 1) / (len(targets) - having + 1)).log()
    else:
        counts = torch.bincount(targets.long(), minlength=outputs).double()
        bias = ((counts + 1) / (counts.sum() + outputs)).log()
    posed.put(torch.zeros(outputs, posed.inputs.shape[1]), bias)


def networks(signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """The most frequent class, or the mean."""
    network = anything(signals) if task.link else None
    why = (
        "the mean of the target, whatever the input" if task.link == "identity" else "the same answer for every example"
    )
    return [] if network is None else [Candidate("constant", network, {"solver": "constant"}, why, baseline=True)]
