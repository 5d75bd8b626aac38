"""Average pooling of a video: the mean of each window of time, height and width.

    y[t, c, h, w] = Σⱼ Σₖ Σₗ x[t·s₀ + j, c, h·s₁ + k − padding, w·s₂ + l − padding] / (size₀·size₁·size₂)
    time_out = ⌊(time − size₀) / s₀⌋ + 1,  height_out = ⌊(height + 2·padding − size₁) / s₁⌋ + 1,  likewise for width

Around a frame x is 0. What lies beyond the last whole window is dropped. With a mask, a frame is real if its whole
window is; the rest is zero.
Source: D. Tran and others, Learning spatiotemporal features with 3D convolutional networks, 2015,
https://arxiv.org/abs/1412.0767.
Differs from torch: it is `nn.AvgPool3d`, channels behind time, without padding in time, with masks.
Cost: no parameters; size₀·size₁·size₂ additions an output value.
When: To make a video smaller where all that a window holds counts; `[1, 2, 2]` keeps every frame.
"""

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import triple
from weftnet.blocks.pooling._window import fits, half, next_mask


class AveragePool3d(nn.Module):
    """The mean of each window of a video.

    Args:
        size: of a window along an axis, or [time, height, width].
        stride: from one window to the next, or [time, height, width]; the size by default.
        padding: pixels around each frame, which count as zeros.
    """

    def __init__(self, size: int | list[int] = 2, stride: int | list[int] | None = None, padding: int = 0) -> None:
        super().__init__()
        self.size = triple("average_pool3d", "size", size)
        self.stride = self.size if stride is None else triple("average_pool3d", "stride", stride)
        half("average_pool3d", padding, self.size[1:])
        self.padding = padding

    def forward(
        self,
        x: Float[Tensor, "batch time channels height width"],
        mask: Bool[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time_out channels height_out width_out"]:
        """Pool over windows; those that the mask touches give zero."""
        for place, name, size, padding in zip(
            (1, 3, 4), ("time", "height", "width"), self.size, (0, self.padding, self.padding), strict=True
        ):
            fits("average_pool3d", name, x.shape[place], size, padding)
        if mask is not None:
            x = x.masked_fill(~mask[:, :, None, None, None], 0)
        y = F.avg_pool3d(x.transpose(1, 2), self.size, self.stride, (0, self.padding, self.padding)).transpose(1, 2)
        return y if mask is None else y.masked_fill(~self.next_mask(mask)[:, :, None, None, None], 0)

    def next_mask(self, mask: Tensor) -> Tensor:
        """(batch, time_out): the frames that the clip alone would give."""
        return next_mask(mask, self.size[0], self.stride[0])
