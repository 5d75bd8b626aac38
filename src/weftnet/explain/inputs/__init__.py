"""The pieces of an input: pixels, tokens, columns of a table, steps of a series.

A view converts between the encoded values that a network reads and the pieces that a person knows: a category's one-hot
columns are one piece, and so are a pixel's channels.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import Kind
from weftnet.explain.explanation import DisplayedInput
from weftnet.explain.inputs.image import ImageView
from weftnet.explain.inputs.steps import StepsView
from weftnet.explain.inputs.table import TableView
from weftnet.explain.inputs.tokens import TokensView
from weftnet.explain.inputs.vector import VectorView
from weftnet.explain.inputs.video import VideoView
from weftnet.explain.inputs.words import WordsView

__all__ = ["View", "view"]


class View(Protocol):
    """How one input divides into pieces."""

    kind: str  #: image, video, tokens, words, table, series, wave or vector
    baseline_text: str  #: what `baseline` is, in words

    def baseline(self, values: Tensor) -> Tensor:
        """What replaces a piece that is removed; broadcasts to the encoded values."""

    def per_piece(self, attributions: Tensor) -> Tensor:
        """(batch, …pieces) the attributions of encoded values, summed over the values of each piece."""

    def per_value(self, pieces: Tensor) -> Tensor:
        """A bool for each piece (batch, …pieces) as one for each encoded value; broadcasts to the values."""

    def display(self, values: Tensor) -> DisplayedInput:
        """One example in a form that people can read."""


def view(name: str, signal: Signal, columns: Mapping[str, Kind]) -> View:
    """The view of an input.

    Args:
        name: of the input.
        signal: what the network reads.
        columns: the fitted kinds of the columns the input is made of; empty where the data have no columns.
    """
    only: Any = next(iter(columns.values())) if len(columns) == 1 else None
    if name == "table" and columns:
        return TableView(dict(columns))
    match signal.kind:
        case "image":
            return ImageView(only)
        case "video":
            return VideoView(only)
        case "tokens":
            return TokensView(only)
        case "words":
            return WordsView(only)
        case "series" | "wave":
            return StepsView(signal, columns)
        case _:
            return VectorView(name, signal, only)
