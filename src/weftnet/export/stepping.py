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
from weftnet.export.capture import BATCH, Captured, arguments, example, output_names, program
from weftnet.export.parity import Compared, Values, compare, random_inputs, reference

#: steps that the network has read when its next steps are captured, and how many these are: torch treats 0 and 1 as
#: constants, and equal sizes as one
_READ, _NEXT = 5, 3
#: pieces that the comparison reads: a prompt, single steps, several
_PIECES = (4, 1, 1, 2)


class StepProgram(nn.Module):
    """A network's next steps, with positional arguments: its inputs in order, masks of the whole ones, then the states.

    Args:
        network: in evaluation mode.
        template: states of the form that the program's have.
    """

    def __init__(self, network: Network, template: States) -> None:
        super().__init__()
        self.network, self.names, self.paths = network, tuple(network.inputs), tuple(tensors(template))
        self.masked = tuple(name for name in self.names if name in network.whole and network.inputs[name].padded)
        self._template = template

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of their names, then the states."""
        count = len(self.names)
        first = count + len(self.masked)
        states = with_tensors(self._template, dict(zip(self.paths, values[first:], strict=True)))
        masks = dict(zip(self.masked, values[count:first], strict=True))
        outputs, states = self.network.step(dict(zip(self.names, values[:count], strict=True)), states, masks)
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
    count = 1 if any(getattr(module, "loops", False) for module in network.modules()) else _NEXT
    stepped = {name: signal for name, signal in signals.items() if name not in network.whole}
    beside = {name: signal for name, signal in signals.items() if name in network.whole}
    room = max(_READ + _NEXT, *(signal.size("time") for signal in stepped.values()))
    first = {name: value[:, :1] for name, value in zip(stepped, example(stepped), strict=False)}
    constant = dict(zip(arguments(beside), example(beside), strict=True))
    whole, masks = {name: constant[name] for name in beside}, {name: constant[name + MASK] for name in _padded(beside)}
    states, sizes = {}, []
    with torch.inference_mode():
        for read in (_READ - 1, _READ):
            states = network.initial_state(BATCH, room)
            network.step({**{name: _repeated(value, read) for name, value in first.items()}, **whole}, states, masks)
            sizes.append({name: state.shape for name, state in tensors(states).items()})
    grows = {
        name: [axis for axis, (less, more) in enumerate(zip(shape, sizes[1][name], strict=True)) if less != more]
        for name, shape in sizes[0].items()
    }
    read_now = {name: _repeated(value, count) for name, value in first.items()}
    values = {name: {**read_now, **whole}[name] for name in (network.inputs if whole else first)}
    values |= {name + MASK: mask for name, mask in masks.items()}
    read_states = {name: state.clone() for name, state in tensors(states).items()}
    dynamic = torch.export.Dim.DYNAMIC
    fixed = {name for name, signal in beside.items() if not signal.padded}
    fixed |= set(stepped) if count == 1 else set()
    shapes = [{0: dynamic} if name in fixed else {0: dynamic, 1: dynamic} for name in values]
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
        alone=count == 1,
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
        beside = {name: values[name] for name in network.whole}
        given = {name: values[name + MASK] for name in network.whole if signals[name].padded}
        inputs = {name: value for name, value in values.items() if name in signals and name not in beside}
        length = min((sum(_PIECES), *(value.shape[1] for value in inputs.values())))
        cut = {name: value[:, :length] for name, value in inputs.items()}
        masks = {name + MASK: np.ones(value.shape[:2], np.bool_) for name, value in cut.items()}
        masks |= {name + MASK: mask for name, mask in given.items()}
        whole = reference(network, signals, {**cut, **beside, **masks})
        read = Stepped(run, steps.facts).begun(len(next(iter(cut.values()))), beside, given)
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


def _padded(signals: Mapping[str, Signal]) -> list[str]:
    return [name for name, signal in signals.items() if signal.padded]


def _repeated(value: Tensor, steps: int) -> Tensor:
    """(batch, steps, …) from (batch, 1, …)."""
    return value.repeat(1, steps, *(1 for _ in value.shape[2:]))
