"""The passes of a task, run by torch."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from weftnet.data.batch import Batch
from weftnet.tasks._inference import Arrays, infer
from weftnet.tasks._registries import TASKS


class Runs(Protocol):
    """What is needed of a task."""

    def passes(self, model: nn.ModuleDict) -> Mapping[str, nn.Module]:
        """The graphs by name."""

    def settings(self) -> dict[str, Any]:
        """The constructor's arguments."""


def run_loop(
    task: Runs, name: str, model: nn.ModuleDict, batch: Batch, options: Mapping[str, Any]
) -> dict[str, Tensor]:
    """What the task's `infer.py` gives for a batch, each pass run by torch.

    Args:
        task: whose passes are run.
        name: of it.
        model: the networks by part, in evaluation mode.
        batch: its targets are not read.
        options: of the question.
    """
    passes = task.passes(model)

    def run(part: str, inputs: Arrays, masks: Arrays) -> dict[str, NDArray[Any]]:
        module = passes[part]
        like = next(module.parameters(), None)
        values, real = (
            {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in each.items()}
            for each in (inputs, masks)
        )
        if like is not None:
            values, real = ({key: each.to(like.device) for key, each in every.items()} for every in (values, real))
        outputs = module(values, real)
        named = {"output": outputs} if isinstance(outputs, Tensor) else outputs
        return _arrays(named)

    outputs = infer(name, run, _arrays(batch.inputs), _arrays(batch.masks), task.settings(), options)
    named = outputs if isinstance(outputs, Mapping) else {"output": outputs}
    return {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in named.items()}


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}


def name_of(task: object) -> str:
    """The name under which a task's class is registered; empty if it isn't."""
    module, kind = type(task).__module__.split("."), type(task)
    likely = module[-2] if module[-1] == "task" else ""
    if likely in TASKS and TASKS.get(likely) is kind:
        return likely
    return next((name for name in TASKS if TASKS.get(name) is kind), "")
