"""A table: a part is a column as it stands in the file, however many encoded columns it became."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from weftnet.data.kinds.category import Category
from weftnet.data.kinds.labels import Labels
from weftnet.data.kinds.number import Number
from weftnet.explain.explanation import Shown


class TableView:
    """Columns, (batch, width) ⇄ (batch, columns).

    Args:
        columns: the fitted kinds, in the order in which they stand side by side.
    """

    kind = "table"
    against = "the mean of each number, and for categories no label at all"

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns = columns
        self._widths = [kind.signal.numel for kind in columns.values()]
        #: (width,) which column each encoded value belongs to
        self.owners = torch.repeat_interleave(torch.arange(len(columns)), torch.tensor(self._widths))
        starts = [_mean(kind) for kind in columns.values()]
        self._nothing = torch.from_numpy(np.concatenate(starts)).float()

    def nothing(self, values: Tensor) -> Tensor:
        """(width,) the encoding of each number's mean; zeros for a category."""
        return self._nothing.to(values)

    def fold(self, attributions: Tensor) -> Tensor:
        """The sum over the encoded values of each column."""
        columns = attributions.new_zeros(len(attributions), len(self._widths))
        return columns.index_add_(1, self.owners.to(attributions.device), attributions)

    def spread(self, parts: Tensor) -> Tensor:
        """All encoded values of a column."""
        return parts[:, self.owners.to(parts.device)]

    def show(self, values: Tensor) -> Shown:
        """The columns' names and their values as texts."""
        parts = torch.split(values.detach().cpu().double(), self._widths)
        texts = [_text(kind, part.numpy()) for kind, part in zip(self._columns.values(), parts, strict=True)]
        return Shown("table", texts, tuple(self._columns))


def _mean(kind: Any) -> Any:
    """(width,) what stands for a column of which nothing is known."""
    if isinstance(kind, Number):
        return np.asarray(kind.features(np.array([kind.mean])), np.float64)[0]
    return np.zeros(kind.signal.numel)


def _text(kind: Any, encoded: Any) -> str:
    """The value that was encoded so."""
    if isinstance(kind, Category):
        place = int(encoded.argmax())
        return str(kind.labels[place]) if place < len(kind.labels) else "another label, or none"
    if isinstance(kind, Labels):
        return ", ".join(kind.decode(encoded[None, :-1])[0]) or "none"
    if not isinstance(kind, Number):
        return " ".join(f"{value:.4g}" for value in encoded)
    if kind.missing and encoded[-1] > 0.5:
        return "missing"
    if kind.edges:  # every bin says how far the number has come through it
        return f"{kind.edges[0] + float(encoded[: len(kind.edges) - 1] @ np.diff(kind.edges)):.4g}"
    return f"{float(encoded[0]) * kind.std + kind.mean:.4g}"
