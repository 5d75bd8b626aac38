"""Which vector of a table is the nearest."""

from torch import Tensor


def nearest(x: Tensor, table: Tensor) -> Tensor:
    """argmin_j ‖x − e[j]‖² of x (*batch, dim) and e (vocabulary, dim), without ‖x‖², which is the same for all j."""
    return (table.square().sum(1) - 2 * x @ table.T).argmin(-1)
