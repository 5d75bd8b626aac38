"""A table: a piece is a column of the file, however many encoded columns it became."""

import numpy as np
import torch
from torch import Tensor

from weftnet.data.kinds._kind import Kind
from weftnet.explain.explanation import DisplayedInput


class TableView:
    """Columns, (batch, width) ⇄ (batch, columns).

    Args:
        columns: the fitted kinds, in the order in which their encodings are concatenated.
    """

    kind = "table"
    baseline_text = "the mean of each number, and no label at all for categories"

    def __init__(self, columns: dict[str, Kind]) -> None:
        self._columns = columns
        self._widths = [kind.signal.numel for kind in columns.values()]
        #: (width,) which column each encoded value belongs to
        self.owners = torch.repeat_interleave(torch.arange(len(columns)), torch.tensor(self._widths))
        means = [kind.neutral for kind in columns.values()]
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
        texts = [kind.legible(own.numpy()) for kind, own in zip(self._columns.values(), by_column, strict=True)]
        return DisplayedInput("table", texts, tuple(self._columns))
