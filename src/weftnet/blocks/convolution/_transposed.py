"""What the transposed convolutions share: checks of settings and of the output's size along one axis."""

import torch


def settings(where: str, kernel: int, stride: int, padding: int, output_padding: int) -> None:
    """Reject settings that fit no input.

    An output padding of a stride or more would add outputs that no input can reach.
    """
    for name, value, least in (("kernel", kernel, 1), ("stride", stride, 1), ("padding", padding, 0)):
        if value < least:
            raise ValueError(f"{where}: {name}: expected an integer ≥ {least}, got {value}")
    if not 0 <= output_padding < stride:
        raise ValueError(
            f"{where}: output_padding: expected an integer from 0 to below stride {stride}, got {output_padding}"
        )


def gives(
    where: str, axis: str, size: int | torch.SymInt, kernel: int, stride: int, padding: int, output_padding: int
) -> None:
    """Reject an input of which the padding leaves nothing; an exported network's size is a symbol."""
    size_out = (size - 1) * stride - 2 * padding + kernel + output_padding
    if size_out < 1:
        raise ValueError(
            f"{where}: padding {padding} leaves no output: an input of {axis} {size} gives {size_out} outputs; "
            "use a smaller padding or a larger kernel"
        )
