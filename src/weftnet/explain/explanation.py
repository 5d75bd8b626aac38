"""The content of an explanation: a number for every piece of an input, and the pieces themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: segments that a long series or wave is divided into
SEGMENTS = 64


@dataclass(frozen=True)
class DisplayedInput:
    """An input in a form that people can read.

    Args:
        kind: image, video, tokens, table, series, wave or vector.
        values: image: (height, width) or (height, width, 3) bytes; video: (frames, height, width, 3) bytes; tokens,
            table, vector: a text for each piece; series, wave: (time, channels) numbers, in their own units where they
            are known.
        names: of the columns, components or channels; empty for tokens and pixels.
    """

    kind: str
    values: Any
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A piece of an input and its attribution."""

    input: str
    name: str
    value: str
    attribution: float


@dataclass(frozen=True)
class Alignment:
    """What steps that were written read from.

    Args:
        rows: the words that were written.
        columns: the pieces of the input.
        shares: (rows, columns) how much of each; a row adds up to 1.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    shares: NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Explanation:
    """Why the network gave one example its score.

    Args:
        method: by its name in the registry.
        target: what was explained: a label, `value`, or a step of a forecast.
        score: the network's output for the target: a logit for labels, otherwise a number in the target's unit.
        answer: decoded by the task from all the outputs.
        inputs: attributions by input, in units of the score: (height, width) of an image, (frames, height, width) of a
            video, (time,) of tokens, (columns,)
            of a table, (time, channels) of a series or a wave, (components,) of a vector. Above 0 speaks for the
            target, below 0 against it; padding has exactly 0.
        displayed: the inputs themselves.
        compared_with: the baseline of each input, in words; empty where a method has none.
        alignment: what each step that was written read from, where the network says so.
        checks: measurements of this explanation: `completeness` is |Σ attributions − (f(x) − f(baseline))|,
            `missing_share` the same divided by |f(x) − f(baseline)|.
    """

    method: str
    target: str
    score: float
    answer: Mapping[str, Any]
    inputs: dict[str, NDArray[np.floating[Any]]]
    displayed: dict[str, DisplayedInput]
    compared_with: dict[str, str] = field(default_factory=dict)
    checks: dict[str, float] = field(default_factory=dict)
    alignment: Alignment | None = None

    def strongest(self, count: int = 5) -> list[Piece]:
        """The pieces with the largest attributions by magnitude; segments in place of steps in a long series."""
        pieces = [piece for name in self.inputs for piece in self._strongest_of(name, count)]
        return sorted(pieces, key=lambda piece: -abs(piece.attribution))[:count]

    def _strongest_of(self, name: str, count: int) -> list[Piece]:
        """The strongest pieces of one input."""
        displayed, attributions = self.displayed[name], self.inputs[name]
        steps = segment_length(len(attributions)) if displayed.kind in ("series", "wave") else 1
        if steps > 1:
            attributions = np.add.reduceat(attributions, np.arange(0, len(attributions), steps), axis=0)
        if displayed.kind == "video":  # which frames: single pixels of them say little
            attributions = attributions.sum((1, 2))
        pieces = []
        for place in np.argsort(-np.abs(attributions), axis=None, kind="stable")[:count].tolist():
            at = [int(index) for index in np.unravel_index(place, attributions.shape)]
            label, value = _name_and_value(displayed, at) if steps == 1 else (_segment_name(displayed, at, steps), "")
            pieces.append(Piece(name, label, value, float(attributions.flat[place])))
        return pieces


def segment_length(time: int) -> int:
    """Steps of a series or a wave that are taken together: 1 if it is short."""
    return -(-time // SEGMENTS)


def _name_and_value(displayed: DisplayedInput, at: list[int]) -> tuple[str, str]:
    match displayed.kind:
        case "video":
            return f"frame {at[0]}", ""
        case "image":
            return f"row {at[0]}, column {at[1]}", ""
        case "tokens":
            return f"token {at[0]}", str(displayed.values[at[0]])
        case "table" | "vector":
            return displayed.names[at[0]], str(displayed.values[at[0]])
        case _:
            return f"step {at[0]}{_channel(displayed, at[1])}", f"{displayed.values[at[0]][at[1]]:.4g}"


def _segment_name(displayed: DisplayedInput, at: list[int], steps: int) -> str:
    end = min((at[0] + 1) * steps, len(displayed.values)) - 1
    return f"steps {at[0] * steps} to {end}{_channel(displayed, at[1])}"


def _channel(displayed: DisplayedInput, channel: int) -> str:
    return f" of {displayed.names[channel]}" if len(displayed.names) > 1 else ""
