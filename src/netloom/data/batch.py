"""A batch: what a step of training or evaluation is given."""

from dataclasses import dataclass

import torch
from torch import Tensor

from netloom.data.encoded import Encoded


@dataclass(frozen=True)
class Batch:
    """Some rows of the data, encoded.

    Args:
        inputs: encoded values by input name; the first axis is the batch.
        masks: for padded inputs only: (batch, time), True where a step is real.
        target: encoded target, if there is one.
        rows: (batch,) the rows' numbers in the source; of text, the windows' first characters.
    """

    inputs: dict[str, Tensor]
    masks: dict[str, Tensor]
    target: Tensor | None
    rows: Tensor

    @classmethod
    def of(cls, encoded: Encoded, target: Tensor | None = None) -> "Batch":
        """The tensors of encoded rows; they share the arrays' memory."""
        return cls(
            {name: torch.from_numpy(values) for name, values in encoded.inputs.items()},
            {name: torch.from_numpy(mask) for name, mask in encoded.masks.items()},
            target,
            torch.from_numpy(encoded.rows),
        )

    @property
    def size(self) -> int:
        """Examples in this batch."""
        return len(self.rows)

    def part(self, start: int, end: int) -> "Batch":
        """Its rows from `start` up to `end`."""
        return Batch(
            {name: values[start:end] for name, values in self.inputs.items()},
            {name: mask[start:end] for name, mask in self.masks.items()},
            None if self.target is None else self.target[start:end],
            self.rows[start:end],
        )

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on another device; itself where it lies there already."""
        if self.rows.device == device:
            return self
        return Batch(
            {name: values.to(device) for name, values in self.inputs.items()},
            {name: mask.to(device) for name, mask in self.masks.items()},
            None if self.target is None else self.target.to(device),
            self.rows.to(device),
        )
