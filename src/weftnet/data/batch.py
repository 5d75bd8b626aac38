"""A batch: the input of a step of training or evaluation."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from weftnet.data.encoded import Encoded


@dataclass(frozen=True)
class Batch:
    """Some rows of the data, encoded.

    Args:
        inputs: encoded values by input name; the first axis is the batch.
        masks: for padded inputs only: (batch, time), True where a step is real.
        target: encoded target, if there is one.
        rows: (batch,) the rows' numbers in the source; of text, the windows' first characters.
        epoch: completed passes over the training split.
    """

    inputs: dict[str, Tensor]
    masks: dict[str, Tensor]
    target: Tensor | None
    rows: Tensor
    epoch: int = 0

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

    def slice(self, start: int, end: int) -> "Batch":
        """Its rows from `start` up to `end`."""
        return replace(
            self,
            inputs={name: values[start:end] for name, values in self.inputs.items()},
            masks={name: mask[start:end] for name, mask in self.masks.items()},
            target=None if self.target is None else self.target[start:end],
            rows=self.rows[start:end],
        )

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on another device, or itself if it is there already; copies to a GPU are asynchronous."""
        if self.rows.device == (device := torch.device(device)):
            return self
        return replace(
            self,
            inputs={name: moved(values, device) for name, values in self.inputs.items()},
            masks={name: moved(mask, device) for name, mask in self.masks.items()},
            target=None if self.target is None else moved(self.target, device),
            rows=moved(self.rows, device),
        )


def moved(values: Tensor, device: torch.device) -> Tensor:
    """Values on a device; pinned first for a GPU, as a copy from pageable memory would wait until it is idle."""
    if device.type != "cuda" or values.device.type != "cpu":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def fits(tensors: Iterable[Tensor], device: torch.device) -> bool:
    """Whether tensors take at most a third of the free memory of a GPU; on other devices always true."""
    if device.type != "cuda":
        return True
    return sum(tensor.nbytes for tensor in tensors) <= torch.cuda.mem_get_info(device)[0] // 3
