"""Raw examples encoded for a network, as NumPy arrays: what leaves the preprocessing, whatever runs the network."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Encoded:
    """Some rows, encoded.

    Args:
        inputs: encoded values by input name; the first axis is the rows.
        masks: for padded inputs only: (rows, time), True where a step is real.
        rows: (rows,) their numbers.
    """

    inputs: dict[str, NDArray[Any]]
    masks: dict[str, NDArray[np.bool_]]
    rows: NDArray[np.int64]

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def slice(self, start: int, stop: int) -> "Encoded":
        """Some of the rows."""
        inputs = {name: values[start:stop] for name, values in self.inputs.items()}
        masks = {name: mask[start:stop] for name, mask in self.masks.items()}
        return Encoded(inputs, masks, self.rows[start:stop])
