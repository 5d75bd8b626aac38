"""What the window poolings of videos share: windows over time, height and width, frames behind channels, and masks."""

from collections.abc import Callable
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import triple
from weftnet.blocks.pooling._window import fits, half, next_mask

_AXES = ((1, "time"), (3, "height"), (4, "width"))


class VideoPool(nn.Module):
    """What a subclass makes of each window of a video.

    Args:
        size: of a window along an axis, or [time, height, width].
        stride: from one window to the next, or [time, height, width]; the size by default.
        padding: pixels around each frame.
    """

    where: ClassVar[str]
    """The block's name in messages."""
    pool: ClassVar[Callable[..., Tensor]]
    """torch's function of (batch, channels, time, height, width), size, stride and padding."""

    def __init__(self, size: int | list[int], stride: int | list[int] | None, padding: int) -> None:
        super().__init__()
        self.size = triple(self.where, "size", size)
        self.stride = self.size if stride is None else triple(self.where, "stride", stride)
        half(self.where, padding, self.size[1:])
        self.padding = padding

    def forward(
        self,
        x: Float[Tensor, "batch time channels height width"],
        mask: Bool[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time_out channels height_out width_out"]:
        """Pool over windows; those that the mask touches give zero."""
        around = (0, self.padding, self.padding)
        for (place, name), size, padding in zip(_AXES, self.size, around, strict=True):
            fits(self.where, name, x.shape[place], size, padding)
        if mask is not None:
            x = x.masked_fill(~mask[:, :, None, None, None], 0)
        y = type(self).pool(x.transpose(1, 2), self.size, self.stride, around).transpose(1, 2)
        return y if mask is None else y.masked_fill(~self.next_mask(mask)[:, :, None, None, None], 0)

    def next_mask(self, mask: Tensor) -> Tensor:
        """(batch, time_out): the frames that the clip alone would give."""
        return next_mask(mask, self.size[0], self.stride[0])
