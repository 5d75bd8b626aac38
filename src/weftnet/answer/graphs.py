"""The passes of an exported run, as functions of arrays; and a pass step by step, whose states are arrays too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from weftnet.answer.manifest import NEXT, STATE, StepFacts
from weftnet.execution.session import MASK
from weftnet.tasks._inference import NOTHING, Arrays, Steps

#: arrays by the names of inputs (NAME_mask for masks) → arrays by the names of outputs
Graph: TypeAlias = Callable[[Mapping[str, NDArray[Any]]], Mapping[str, NDArray[Any]]]


@dataclass(frozen=True)
class Stepped:
    """A program of a network's next steps.

    Args:
        graph: of the inputs and the states.
        facts: the names, and the states before the first step.
    """

    graph: Graph
    facts: StepFacts

    def begun(self, rows: int, inputs: Arrays = NOTHING, masks: Arrays = NOTHING) -> "Begun":
        """So many sequences before their first step, with what is read whole at every step."""
        states = {
            name: np.zeros((rows, *state.shape), np.dtype(state.dtype)) for name, state in self.facts.states.items()
        }
        padding = {f"{each}{MASK}": mask for each, mask in masks.items() if f"{each}{MASK}" in self.facts.inputs}
        return Begun(self, {**inputs, **padding}, states)


class Begun:
    """Sequences of which some steps were read.

    Args:
        stepped: the program.
        whole: what it reads at every step.
        states: by name.
    """

    def __init__(self, stepped: Stepped, whole: Arrays, states: dict[str, NDArray[Any]]) -> None:
        self._stepped, self._whole, self._states = stepped, whole, states

    def __call__(self, inputs: Arrays, /) -> Arrays:
        """The outputs at the next steps."""
        steps = next(iter(inputs.values())).shape[1]
        if self._stepped.facts.alone and steps > 1:
            pieces = [
                self({name: value[:, step : step + 1] for name, value in inputs.items()}) for step in range(steps)
            ]
            return {name: np.concatenate([piece[name] for piece in pieces], 1) for name in pieces[0]}
        states = {STATE + name: state for name, state in self._states.items()}
        values = self._stepped.graph({**inputs, **self._whole, **states})
        self._states = {name: values[NEXT + name] for name in self._states}
        return {name: values[name] for name in self._stepped.facts.outputs}

    def choose(self, rows: NDArray[np.int64], whole: bool = False, /) -> None:
        """Go on from what these rows remember."""
        self._states = {name: state[rows] for name, state in self._states.items()}
        if whole:
            self._whole = {name: values[rows] for name, values in self._whole.items()}


@dataclass(frozen=True)
class Graphs:
    """Runs passes by their graphs.

    Args:
        whole: by the name of the pass.
        stepped: of the passes that can also be run step by step.
    """

    whole: Mapping[str, Graph]
    stepped: Mapping[str, Stepped] = field(default_factory=dict)

    def __call__(self, name: str, inputs: Arrays, masks: Arrays, /) -> Arrays:
        """A pass's outputs."""
        return self.whole[name]({**inputs, **{f"{each}{MASK}": mask for each, mask in masks.items()}})

    def steps(
        self, name: str, rows: int, time: int, inputs: Arrays = NOTHING, masks: Arrays = NOTHING, /
    ) -> Steps | None:
        """A pass step by step, if its program was written."""
        return self.stepped[name].begun(rows, inputs, masks) if name in self.stepped else None
