"""The passes of an exported run, as functions of arrays; and a pass step by step, whose states are arrays too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from weftnet.answer.manifest import NEXT, STATE, StepFacts
from weftnet.execution.session import MASK
from weftnet.tasks._inference import Arrays, Steps

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

    def begun(self, rows: int) -> Steps:
        """So many sequences before their first step."""
        states = {
            name: np.zeros((rows, *state.shape), np.dtype(state.dtype)) for name, state in self.facts.states.items()
        }

        def step(inputs: Arrays, /) -> Arrays:
            values = self.graph({**inputs, **{STATE + name: state for name, state in states.items()}})
            states.update({name: values[NEXT + name] for name in states})
            return {name: values[name] for name in self.facts.outputs}

        return step


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

    def steps(self, name: str, rows: int, time: int, /) -> Steps | None:
        """A pass step by step, if its program was written."""
        return self.stepped[name].begun(rows) if name in self.stepped else None
