"""What a part of an input is: a pixel, a token, a column of a table, a step of a series.

A view turns between the encoded values that a network reads and the parts that a person knows: a category's one-hot
columns are one part, and so are a pixel's channels.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import Kind
from weftnet.explain.explanation import Shown

__all__ = ["View", "view"]


class View(Protocol):
    """How one input is cut into parts."""

    kind: str  #: image, tokens, table, series, wave or vector
    against: str  #: what `nothing` is, in words

    def nothing(self, values: Tensor) -> Tensor:
        """What a part is when it is taken away; broadcasts to the encoded values."""

    def fold(self, attributions: Tensor) -> Tensor:
        """(batch, …parts) sums over the encoded values that make up a part."""

    def spread(self, parts: Tensor) -> Tensor:
        """(batch, …parts) of bool, for each encoded value; broadcasts to the values."""

    def show(self, values: Tensor) -> Shown:
        """One example, as its reader knows it."""


def view(name: str, signal: Signal, columns: Mapping[str, Kind]) -> View:
    """The view of an input.

    Args:
        name: of the input.
        signal: what the network reads.
        columns: the fitted kinds of the columns the input is made of; none, where the data have no columns.
    """
    from weftnet.explain.inputs.image import ImageView
    from weftnet.explain.inputs.steps import StepsView
    from weftnet.explain.inputs.table import TableView
    from weftnet.explain.inputs.tokens import TokensView
    from weftnet.explain.inputs.vector import VectorView

    only: Any = next(iter(columns.values())) if len(columns) == 1 else None
    if name == "table" and columns:
        return TableView(dict(columns))
    match signal.kind:
        case "image":
            return ImageView(only)
        case "tokens":
            return TokensView(only)
        case "series" | "wave":
            return StepsView(signal, columns)
        case _:
            return VectorView(name, signal, only)
