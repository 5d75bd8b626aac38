"""Matrices (batch, 3, 3) of the plane, from draws (batch,): turns, scales, shears, shifts, and their origin."""

import torch
from torch import Tensor

from weftnet.data.geometry import identity


def turned(angle: Tensor) -> Tensor:
    """Rotations by angles in radians, clockwise as y points down."""
    matrix = identity(len(angle), angle.device)
    matrix[:, 0, 0] = matrix[:, 1, 1] = angle.cos()
    matrix[:, 1, 0] = angle.sin()
    matrix[:, 0, 1] = -matrix[:, 1, 0]
    return matrix


def sheared(across: Tensor, down: Tensor) -> Tensor:
    """x′ = x + across · y, y′ = y + down · x."""
    matrix = identity(len(across), across.device)
    matrix[:, 0, 1], matrix[:, 1, 0] = across.double(), down.double()
    return matrix


def shifted(across: Tensor, down: Tensor) -> Tensor:
    """x′ = x + across, y′ = y + down, in pixels."""
    matrix = identity(len(across), across.device)
    matrix[:, :2, 2] = torch.stack([across, down], 1).double()
    return matrix


def about(matrix: Tensor, height: int, width: int) -> Tensor:
    """The same about the middle of an image."""
    there, back = identity(1, matrix.device), identity(1, matrix.device)
    there[:, :2, 2] = there.new_tensor([-width / 2, -height / 2])
    back[:, :2, 2] = -there[:, :2, 2]
    return back @ matrix @ there
