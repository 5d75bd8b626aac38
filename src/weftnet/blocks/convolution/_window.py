"""What the convolutions share: checks of their sizes, the zeros at the edges, and the mask of the output.

`where` is the block's name in messages. reach = dilation·(kernel − 1) is the distance from a window's first value to
its last.
"""

import torch
from torch import Tensor


def divides(where: str, groups: int, **sizes: int) -> None:
    """Reject groups that do not divide every size."""
    if groups < 1 or any(size % groups for size in sizes.values()):
        of = " and ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"{where}: groups: expected a divisor of {of}, got {groups}")


def margins(
    where: str, padding: str | int, kernel: int, stride: int, dilation: int, names: tuple[str, ...] = ("same", "valid")
) -> tuple[int, int]:
    """The number of zeros before and after one axis.

    same: as many as keep the length at stride 1; an odd one goes to the end, as in torch.
    valid: none. causal: all of them before, so that no output sees a later input.
    """
    reach = dilation * (kernel - 1)
    if isinstance(padding, int) and padding >= 0:
        return padding, padding
    if padding not in names:
        options = ", ".join(repr(name) for name in names)
        raise ValueError(f"{where}: padding: expected {options} or an integer ≥ 0, got {padding!r}")
    if padding == "same" and reach % 2 and stride > 1:
        raise ValueError(f"{where}: kernel: expected an odd size for 'same' with stride {stride}, got {kernel}")
    return {"same": (reach // 2, reach - reach // 2), "valid": (0, 0), "causal": (reach, 0)}[str(padding)]


def ending(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """TensorFlow's zeros before and after an axis: just enough for ⌈size/stride⌉ windows, an odd one at the end."""
    needed = max(0, (-(-size // stride) - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return needed // 2, needed - needed // 2


def split(zeros: tuple[int, int]) -> tuple[int, list[int]]:
    """The zeros common to both ends, which torch's convolution adds without a copy, and the rest, for F.pad."""
    common = min(zeros)
    return common, [zeros[0] - common, zeros[1] - common]


def fits(where: str, axis: str, size: int | torch.SymInt, kernel: int, dilation: int, zeros: tuple[int, int]) -> None:
    """Reject an input that is smaller than the kernel. While an export is traced, a size may be open."""
    if size + sum(zeros) <= dilation * (kernel - 1):
        spread = f" with dilation {dilation}" if dilation > 1 else ""
        padding = zeros[0] if zeros[0] == zeros[1] else f"{zeros[0]}+{zeros[1]}"
        raise ValueError(
            f"{where}: kernel {kernel}{spread} does not fit an input of {axis} {size} with padding {padding}; "
            "use a smaller kernel, padding 'same', or downsample less before it"
        )


def next_mask(mask: Tensor, reach: int, stride: int, zeros: tuple[int, int]) -> Tensor:
    """Which outputs are real, for sequences padded at the end: just as many as the sequence alone would give.

    Output j starts at input j·stride − zeros[0], and alone the sequence could read zeros[0] + zeros[1] zeros beyond its
    ends. So j is real if inputs j·stride and j·stride + slack are, slack = reach − zeros[0] − zeros[1]: the window's
    centre for 'same', its first and last input for 'valid'.
    """
    slack = reach - sum(zeros)
    if slack >= 0:
        return mask[:, : mask.shape[1] - slack : stride] & mask[:, slack::stride]
    return torch.cat([mask[:, :1].expand(-1, -slack), mask], 1)[:, ::stride]  # more zeros than needed: outputs gained
