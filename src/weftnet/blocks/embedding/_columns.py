"""The columns of a table in its vector: a number takes up one value of it, a category one for each of its labels."""

from collections.abc import Sequence

import torch
from torch import Tensor


def owners(where: str, dim_in: int, columns: Sequence[int] | None) -> Tensor | None:
    """(columns, dim_in) 1 where a value belongs to a column; None where each value is a column of its own.

    Args:
        where: the block, for messages.
        dim_in: values of the vector.
        columns: how many values each column takes up, in order.

    Raises:
        ValueError: they are not as many as the vector has.
    """
    if columns is None:
        return None
    if sum(columns) != dim_in or min(columns, default=0) < 1:
        shown = ", ".join(map(str, columns[:8])) + ", …" * (len(columns) > 8)
        raise ValueError(f"{where}: columns: expected positive widths that add up to {dim_in}, got {shown}")
    if len(columns) == dim_in:
        return None
    column = torch.repeat_interleave(torch.arange(len(columns)), torch.tensor(columns), output_size=dim_in)
    return (column == torch.arange(len(columns)).unsqueeze(1)).to(torch.get_default_dtype())
