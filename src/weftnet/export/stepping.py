"""A network's next steps as a program: inputs and states in, outputs and the states after them out.

    y, next.2.body.0, next.3 = step(tokens, state.2.body.0, state.3)

A loop that generates a sequence runs it once for each token instead of the whole network. The batch axis, the number of
steps and those axes of states that grow with the steps are dynamic. Before the first step states are zeros; an axis
that grows is empty.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from weftnet.answer.graphs import Stepped
from weftnet.answer.manifest import StateFacts, StepFacts
from weftnet.architecture.signal import Signal
from weftnet.compose.network import Network
from weftnet.compose.remembered import tensors, with_tensors
from weftnet.compose.stepping import States
from weftnet.execution.session import MASK
from weftnet.export.capture import BATCH, Captured, example, output_names, program
from weftnet.export.parity import Compared, Values, compare, random_inputs, reference

#: steps that the network has read when its next steps are captured, and how many these are: torch treats 0 and 1 as
#: constants, and equal sizes as one
_READ, _NEXT = 5, 3
#: pieces that the comparison reads: a prompt, single steps, several
_PIECES = (4, 1, 1, 2)


class StepProgram(nn.Module):
    """A network's next steps, with positional arguments: its inputs in order, then the states.

    Args:
        network: in evaluation mode.
        template: states of the form that the program's have.
    """

    def __init__(self, network: Network, template: States) -> None:
        super().__init__()
        self.network, self.names, self.paths = network, tuple(network.inputs), tuple(tensors(template))
        self._template = template

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of their names, then the states."""
        count = len(self.names)
        states = with_tensors(self._template, dict(zip(self.paths, values[count:], strict=True)))
        outputs, states = self.network.step(dict(zip(self.names, values[:count], strict=True)), states)
        return (*(outputs.values() if isinstance(outputs, dict) else (outputs,)), *tensors(states).values())


@dataclass(frozen=True)
class Steps:
    """What a program of steps is captured from.

    Args:
        module: the program.
        values: an example of its inputs.
        shapes: which of their axes are dynamic, and how.
        facts: of the manifest, for a file.
    """

    module: StepProgram
    values: tuple[Tensor, ...]
    shapes: tuple[dict[int, Any], ...]
    facts: StepFacts


def steps_of(network: Network, signals: Mapping[str, Signal], file: str) -> Steps:
    """A network's steps.

    Args:
        network: on the CPU, in evaluation mode.
        signals: its inputs by name.
        file: that they will be written to.

    Raises:
        SettingError: the network can't work step by step, or a state can't be written as a tensor.
    """
    room = max(_READ + _NEXT, *(signal.size("time") for signal in signals.values()))
    first = {name: value[:, :1] for name, value in zip(signals, example(signals), strict=False)}
    states, sizes = {}, []
    with torch.inference_mode():
        for read in (_READ - 1, _READ):
            states = network.initial_state(BATCH, room)
            network.step({name: _repeated(value, read) for name, value in first.items()}, states)
            sizes.append({name: state.shape for name, state in tensors(states).items()})
    grows = {
        name: [axis for axis, (less, more) in enumerate(zip(shape, sizes[1][name], strict=True)) if less != more]
        for name, shape in sizes[0].items()
    }
    values = {name: _repeated(value, _NEXT) for name, value in first.items()}
    read_states = {name: state.clone() for name, state in tensors(states).items()}
    dynamic = torch.export.Dim.DYNAMIC
    shapes = [{0: dynamic, 1: dynamic} for _ in values]
    shapes += [{0: dynamic} | dict.fromkeys(axes, dynamic) for axes in grows.values()]
    facts = StepFacts(
        file,
        tuple(values),
        output_names(network),
        {
            name: StateFacts(
                str(state.dtype).removeprefix("torch."),  # type: ignore[arg-type]  # read again by the manifest
                tuple(0 if axis in grows[name] else size for axis, size in enumerate(state.shape))[1:],
            )
            for name, state in read_states.items()
        },
    )
    return Steps(StepProgram(network, states), (*values.values(), *read_states.values()), tuple(shapes), facts)


def captured(steps: Steps) -> Captured:
    """The program.

    Raises:
        ExportError: torch can't capture it.
    """
    names, results = steps.facts.arguments, steps.facts.results
    return Captured(program(steps.module, steps.values, steps.shapes), names, results, {})


def check_steps(
    network: Network, signals: Mapping[str, Signal], steps: Steps, run: Callable[[Values], Mapping[str, NDArray[Any]]]
) -> list[Compared]:
    """Compare steps from the first one on with whole passes of the network, until they differ.

    Args:
        network: the exported one.
        signals: its inputs.
        steps: of it.
        run: the exported program.
    """
    compared: list[Compared] = []
    for values in random_inputs(signals, {}):
        inputs = {name: value for name, value in values.items() if name in signals}
        length = min(sum(_PIECES), *(value.shape[1] for value in inputs.values()))
        cut = {name: value[:, :length] for name, value in inputs.items()}
        masks = {name + MASK: np.ones(value.shape[:2], np.bool_) for name, value in cut.items()}
        whole = reference(network, signals, {**cut, **masks})
        read = Stepped(run, steps.facts).begun(len(next(iter(cut.values()))))
        pieces = [list(read({name: value[:, a:b] for name, value in cut.items()}).values()) for a, b in _cuts(length)]
        compared.append(compare(cut, whole, [np.concatenate(each, 1) for each in zip(*pieces, strict=True)]))
        if not compared[-1].close:
            break
    return compared


def _cuts(length: int) -> Iterator[tuple[int, int]]:
    start = 0
    for piece in _PIECES:
        if start < length:
            yield start, min(start + piece, length)
        start += piece


def _repeated(value: Tensor, steps: int) -> Tensor:
    """(batch, steps, …) from (batch, 1, …)."""
    return value.repeat(1, steps, *(1 for _ in value.shape[2:]))
