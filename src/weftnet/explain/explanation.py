"""What an explanation says: a number for every part of an input, and what that part was."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: segments that a long series or wave is cut into
SEGMENTS = 64


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
        against: what each input was compared with, in words; empty where a method compares with nothing.
        checks: what was measured about this explanation: `completeness` is |Σ attributions − (f(x) − f(baseline))|,
            `missing_share` the same divided by |f(x) − f(baseline)|.
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
        """The parts with the largest attributions, by magnitude; of a long series the segments."""
        found = [part for name in self.inputs for part in self._parts(name, count)]
        return sorted(found, key=lambda part: -abs(part.attribution))[:count]

    def _parts(self, name: str, count: int) -> list[Part]:
        """The strongest of one input."""
        shown, given = self.shown[name], self.inputs[name]
        steps = segment(len(given)) if shown.kind in ("series", "wave") else 1
        if steps > 1:
            given = np.add.reduceat(given, np.arange(0, len(given), steps), axis=0)
        found = []
        for place in np.argsort(-np.abs(given), axis=None, kind="stable")[:count].tolist():
            at = [int(index) for index in np.unravel_index(place, given.shape)]
            called, value = _called(shown, at) if steps == 1 else (_stretch(shown, at, steps), "")
            found.append(Part(name, called, value, float(given.flat[place])))
        return found


def segment(time: int) -> int:
    """Steps of a series or a wave that are taken together: 1, if it is short."""
    return -(-time // SEGMENTS)


def _called(shown: Shown, at: list[int]) -> tuple[str, str]:
    """A part's name and value."""
    match shown.kind:
        case "image":
            return f"row {at[0]}, column {at[1]}", ""
        case "tokens":
            return f"token {at[0]}", str(shown.values[at[0]])
        case "table" | "vector":
            return shown.names[at[0]], str(shown.values[at[0]])
        case _:
            return f"step {at[0]}{_channel(shown, at[1])}", f"{shown.values[at[0]][at[1]]:.4g}"


def _stretch(shown: Shown, at: list[int], steps: int) -> str:
    end = min((at[0] + 1) * steps, len(shown.values)) - 1
    return f"steps {at[0] * steps} to {end}{_channel(shown, at[1])}"


def _channel(shown: Shown, channel: int) -> str:
    return f" of {shown.names[channel]}" if len(shown.names) > 1 else ""
