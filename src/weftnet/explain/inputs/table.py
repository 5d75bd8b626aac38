"""A table: a piece is a column of the file, however many encoded columns it became."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from weftnet.data.kinds.category import Category
from weftnet.data.kinds.labels import Labels
from weftnet.data.kinds.number import Number
from weftnet.explain.explanation import DisplayedInput


class TableView:
    """Columns, (batch, width) ⇄ (batch, columns).

    Args:
        columns: the fitted kinds, in the order in which their encodings are concatenated.
    """

    kind = "table"
    baseline_text = "the mean of each number, and no label at all for categories"

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns = columns
        self._widths = [kind.signal.numel for kind in columns.values()]
        #: (width,) which column each encoded value belongs to
        self.owners = torch.repeat_interleave(torch.arange(len(columns)), torch.tensor(self._widths))
        means = [_mean(kind) for kind in columns.values()]
        self._baseline = torch.from_numpy(np.concatenate(means)).float()

    def baseline(self, values: Tensor) -> Tensor:
        """(width,) the encoding of each number's mean; zeros for a category."""
        return self._baseline.to(values)

    def per_piece(self, attributions: Tensor) -> Tensor:
        """The sum over the encoded values of each column."""
        columns = attributions.new_zeros(len(attributions), len(self._widths))
        return columns.index_add_(1, self.owners.to(attributions.device), attributions)

    def per_value(self, pieces: Tensor) -> Tensor:
        """All encoded values of a column."""
        return pieces[:, self.owners.to(pieces.device)]

    def display(self, values: Tensor) -> DisplayedInput:
        """The columns' names and their values as texts."""
        by_column = torch.split(values.detach().cpu().double(), self._widths)
        texts = [_text(kind, own.numpy()) for kind, own in zip(self._columns.values(), by_column, strict=True)]
        return DisplayedInput("table", texts, tuple(self._columns))


def _mean(kind: Any) -> Any:
    """(width,) the encoding of a column whose value is unknown."""
    if isinstance(kind, Number):
        return np.asarray(kind.features(np.array([kind.mean])), np.float64)[0]
    return np.zeros(kind.signal.numel)


def _text(kind: Any, encoded: Any) -> str:
    """The raw value of an encoding, as a text."""
    if isinstance(kind, Category):
        place = int(encoded.argmax())
        return str(kind.labels[place]) if place < len(kind.labels) else "another label, or none"
    if isinstance(kind, Labels):
        return ", ".join(kind.decode(encoded[None, :-1])[0]) or "none"
    if not isinstance(kind, Number):
        return " ".join(f"{value:.4g}" for value in encoded)
    if kind.missing and encoded[-1] > 0.5:
        return "missing"
    if kind.edges:  # each bin holds how much of it the number covers
        return f"{kind.edges[0] + float(encoded[: len(kind.edges) - 1] @ np.diff(kind.edges)):.4g}"
    return f"{float(encoded[0]) * kind.std + kind.mean:.4g}"
