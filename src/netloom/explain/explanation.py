"""What an explanation says: a number for every part of an input, and what that part was."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Shown:
    """An input as a reader knows it.

    Args:
        kind: image, tokens, table, series, wave or vector.
        values: image: (height, width) or (height, width, 3) bytes; tokens, table, vector: a text for each part; series,
            wave: (time, channels) numbers, in their own units where they are known.
        names: of the columns, the components or the channels; of tokens and pixels none.
    """

    kind: str
    values: Any
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """One part of an input and its attribution."""

    input: str
    name: str
    value: str
    attribution: float


@dataclass(frozen=True)
class Explanation:
    """Why the network gave one example the score it gave.

    Args:
        method: by its name in the registry.
        target: what was explained: a label, `value`, or a step of a forecast.
        score: the network's output for the target: a logit for labels, otherwise a number in the target's unit.
        answer: what the task makes of all the outputs.
        inputs: attributions by input, in units of the score: (height, width) of an image, (time,) of tokens, (columns,)
            of a table, (time, channels) of a series or a wave, (components,) of a vector. Above 0 speaks for the
            target, below 0 against it; padding has exactly 0.
        shown: the inputs themselves.
        against: what each input was compared with, in words.
        checks: what was measured about this explanation; `completeness` is |Σ attributions − (f(x) − f(baseline))|.
    """

    method: str
    target: str
    score: float
    answer: Mapping[str, Any]
    inputs: dict[str, NDArray[np.floating[Any]]]
    shown: dict[str, Shown]
    against: dict[str, str] = field(default_factory=dict)
    checks: dict[str, float] = field(default_factory=dict)

    def strongest(self, count: int = 5) -> list[Part]:
        """The parts with the largest attributions, by magnitude."""
        found = [(name, int(place)) for name, given in self.inputs.items() for place in _largest(given, count)]
        found.sort(key=lambda at: -abs(self.inputs[at[0]].flat[at[1]]))
        return [self._part(name, place) for name, place in found[:count]]

    def _part(self, name: str, place: int) -> Part:
        shown, given = self.shown[name], self.inputs[name]
        at = [int(index) for index in np.unravel_index(place, given.shape)]
        match shown.kind:
            case "image":
                called, value = f"row {at[0]}, column {at[1]}", ""
            case "tokens":
                called, value = f"token {at[0]}", shown.values[at[0]]
            case "table" | "vector":
                called, value = shown.names[at[0]], shown.values[at[0]]
            case _:
                channel = f" of {shown.names[at[1]]}" if len(shown.names) > 1 else ""
                called, value = f"step {at[0]}{channel}", f"{shown.values[at[0]][at[1]]:.4g}"
        return Part(name, called, value, float(given.flat[place]))


def _largest(values: NDArray[Any], count: int) -> NDArray[np.int64]:
    return np.argsort(-np.abs(values), axis=None, kind="stable")[:count]
