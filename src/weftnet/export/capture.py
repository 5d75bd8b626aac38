"""A network as a program with positional tensors, as `torch.export` and ONNX require.

A `Network` reads mappings of inputs and masks. A program takes the inputs in order, then the masks of those that are
padded, and returns the outputs as a tuple. The batch axis is dynamic; the time axis of a padded input is dynamic unless
the network fixes it (by flattening time, say), as `Captured.free` states.
"""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx.experimental.symbolic_shapes import is_concrete_int

from weftnet.architecture.signal import Signal
from weftnet.compose.network import Network
from weftnet.errors import SettingError
from weftnet.execution.session import MASK
from weftnet.export.fault import ExportError
from weftnet.export.recurrent import any_length

#: examples in the batch a network is captured with; torch treats sizes 0 and 1 as constants
BATCH = 3


class Positional(nn.Module):
    """A network with positional arguments: its inputs in order, then the masks.

    Args:
        network: the network, in evaluation mode.
        signals: its inputs by name.
    """

    def __init__(self, network: nn.Module, signals: Mapping[str, Signal]) -> None:
        super().__init__()
        self.network = network
        self.names = tuple(signals)
        self.padded = tuple(name for name, signal in signals.items() if signal.padded)

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """The network's outputs, in the order of their names."""
        count = len(self.names)
        inputs = dict(zip(self.names, tensors[:count], strict=True))
        masks = dict(zip(self.padded, tensors[count:], strict=True))
        outputs = self.network(inputs, masks)
        return tuple(outputs.values()) if isinstance(outputs, dict) else (outputs,)


@dataclass(frozen=True)
class Captured:
    """A network as a program.

    Args:
        program: `torch.export.ExportedProgram`.
        arguments: names of the program's inputs: the signals, then the masks.
        outputs: names of its outputs; a single one is called `output`.
        free: for every padded input, whether its time axis may have any length.
    """

    program: Any
    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    free: dict[str, bool]


def capture(network: Network, signals: Mapping[str, Signal]) -> Captured:
    """The network's program, on the CPU, in evaluation mode.

    Raises:
        SettingError: two of the names are equal.
        ExportError: torch can't capture the network with a dynamic batch axis.
    """
    names = arguments(signals)
    outputs = output_names(network)
    if duplicates := {name for name in (*names, *outputs) if (*names, *outputs).count(name) > 1}:
        raise SettingError("names of inputs, masks and outputs clash", got=", ".join(sorted(duplicates)))
    module = Positional(network, signals).eval()
    inputs = example(signals)
    batch, time = {0: torch.export.Dim.DYNAMIC}, {1: torch.export.Dim.AUTO}
    shapes = [batch | (time if signal.padded else {}) for signal in signals.values()]
    shapes += [batch | time for signal in signals.values() if signal.padded]
    exported = program(module, inputs, tuple(shapes))
    values = [node.meta["val"] for node in exported.graph.nodes if node.op == "placeholder"][-len(names) :]
    free = {
        name: isinstance(value.shape[1], torch.SymInt) and not is_concrete_int(value.shape[1])
        for name, value in zip(names, values, strict=True)
        if name in signals and signals[name].padded
    }
    return Captured(exported, names, outputs, free)


def program(module: nn.Module, inputs: tuple[Tensor, ...], shapes: tuple[Mapping[int, Any], ...]) -> Any:
    """A module of positional tensors as a `torch.export.ExportedProgram`.

    Args:
        module: in evaluation mode.
        inputs: an example.
        shapes: of each input, its dynamic axes.

    Raises:
        ExportError: torch can't capture it with these axes dynamic.
    """
    with quiet(), any_length():
        try:
            return torch.export.export(module, inputs, dynamic_shapes=(shapes,), strict=False)
        except (RuntimeError, torch._dynamo.exc.UserError) as error:
            raise ExportError(
                f"torch can't capture this network: {str(error).splitlines()[0]}",
                expected="a network without branches on values, whose batch axis is dynamic",
            ) from error


def arguments(signals: Mapping[str, Signal]) -> tuple[str, ...]:
    """The names of a program's inputs."""
    return (*signals, *(name + MASK for name, signal in signals.items() if signal.padded))


def output_names(network: Network) -> tuple[str, ...]:
    """The names of a program's outputs."""
    gives = network.gives
    return ("output",) if isinstance(gives, Signal) else tuple(gives)


def example(signals: Mapping[str, Signal]) -> tuple[Tensor, ...]:
    """Zeros of full length, and masks without padding: only their shapes matter."""
    dtypes = {"float": torch.float32, "int": torch.int64, "bool": torch.bool}
    values = [torch.zeros(signal.shape(BATCH), dtype=dtypes[signal.dtype]) for signal in signals.values()]
    masks = [torch.ones(BATCH, signal.size("time"), dtype=torch.bool) for signal in signals.values() if signal.padded]
    return (*values, *masks)


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress the log messages and warnings of torch's exporters; weftnet raises what it detects itself."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")  # "torchvision is not installed"
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # torch's recurrent layers assign their flat weights while they are traced
            warnings.filterwarnings("ignore", "The tensor attributes? self", UserWarning)
            # torch, onnx and onnxscript use deprecated parts of one another
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logger.setLevel(before)
