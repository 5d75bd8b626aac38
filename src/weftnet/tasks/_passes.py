"""The passes of a task, run by torch."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from weftnet.compose.network import Network
from weftnet.compose.remembered import tensors, with_tensors
from weftnet.compose.stepping import States
from weftnet.data.batch import Batch
from weftnet.errors import SettingError
from weftnet.tasks._inference import NOTHING, Arrays, Steps, infer
from weftnet.tasks._registries import TASKS


class Runs(Protocol):
    """What is needed of a task."""

    def passes(self, model: nn.ModuleDict) -> Mapping[str, nn.Module]:
        """The graphs by name."""

    def settings(self) -> dict[str, Any]:
        """The constructor's arguments."""


class TorchRun:
    """Runs passes by torch.

    Args:
        passes: the graphs by name, in evaluation mode.
    """

    def __init__(self, passes: Mapping[str, nn.Module]) -> None:
        self._passes = passes

    def __call__(self, name: str, inputs: Arrays, masks: Arrays, /) -> Arrays:
        """A pass's outputs."""
        module = self._passes[name]
        return _named(module(_tensors(inputs, module), _tensors(masks, module)))

    def steps(
        self, name: str, rows: int, time: int, inputs: Arrays = NOTHING, masks: Arrays = NOTHING, /
    ) -> Steps | None:
        """A pass step by step, if its blocks can."""
        network = self._passes[name]
        if not isinstance(network, Network) or obstacle(network, time):
            return None
        return TorchSteps(network, network.initial_state(rows, time), inputs, masks)


class TorchSteps:
    """A network's steps.

    Args:
        network: in evaluation mode.
        state: before the first step.
        inputs, masks: what it reads whole at every step.
    """

    def __init__(self, network: Network, state: States, inputs: Arrays, masks: Arrays) -> None:
        self._network, self._state = network, state
        self._whole, self._masks = _tensors(inputs, network), _tensors(masks, network)

    def __call__(self, inputs: Arrays, /) -> Arrays:
        """The outputs at the next steps."""
        values = {**_tensors(inputs, self._network), **self._whole}
        return _named(self._network.step(values, self._state, self._masks)[0])

    def choose(self, rows: NDArray[np.int64], whole: bool = False, /) -> None:
        """Go on from what these rows remember."""
        chosen = torch.from_numpy(rows)

        def taken(named: Mapping[str, Tensor]) -> dict[str, Tensor]:
            return {path: each[chosen.to(each.device)] for path, each in named.items()}

        self._state = with_tensors(self._state, taken(tensors(self._state)))
        if whole:
            self._whole, self._masks = taken(self._whole), taken(self._masks)


def obstacle(network: nn.Module, time: int) -> str:
    """Why a network can't work step by step; empty if it can."""
    if not isinstance(network, Network):
        return "the network is not made of weftnet's blocks"
    try:
        network.initial_state(1, time)
    except SettingError as error:
        return str(error)
    return ""


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
    run = TorchRun(task.passes(model))
    outputs = infer(name, run, _arrays(batch.inputs), _arrays(batch.masks), task.settings(), options)
    named = outputs if isinstance(outputs, Mapping) else {"output": outputs}
    return {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in named.items()}


def _tensors(arrays: Arrays, module: nn.Module) -> dict[str, Tensor]:
    """Arrays as tensors where the module is."""
    tensors = {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in arrays.items()}
    like = next(module.parameters(), None)
    return tensors if like is None else {key: each.to(like.device) for key, each in tensors.items()}


def _named(outputs: Tensor | Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    return _arrays({"output": outputs} if isinstance(outputs, Tensor) else outputs)


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}


def name_of(task: object) -> str:
    """The name under which a task's class is registered; empty if it isn't."""
    module, kind = type(task).__module__.split("."), type(task)
    likely = module[-2] if module[-1] == "task" else ""
    if likely in TASKS and TASKS.get(likely) is kind:
        return likely
    return next((name for name in TASKS if TASKS.get(name) is kind), "")
