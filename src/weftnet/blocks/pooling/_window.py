"""What the window poolings share: checks of their sizes, and the mask of the output.

`where` is the block's name in messages.
"""

import torch
from torch import Tensor


def half(where: str, padding: int, size: tuple[int, int]) -> None:
    """Reject a padding of more than half a window: some windows would contain nothing else."""
    if not 0 <= padding <= min(size) // 2:
        raise ValueError(f"{where}: padding: expected 0 to half the size {min(size)}, got {padding}")


def fits(where: str, axis: str, length: int | torch.SymInt, size: int, padding: int = 0) -> None:
    """Reject an input that is smaller than the window."""
    if length + 2 * padding < size:
        raise ValueError(
            f"{where}: size {size} does not fit an input of {axis} {length} with padding {padding}; "
            "use a smaller size, or downsample less before it"
        )


def next_mask(mask: Tensor, size: int, stride: int) -> Tensor:
    """(batch, time_out): an output is real if its whole window is, from the first step to the last."""
    return mask[:, : mask.shape[1] - size + 1 : stride] & mask[:, size - 1 :: stride]
