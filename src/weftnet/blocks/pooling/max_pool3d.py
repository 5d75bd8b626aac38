"""Maximum pooling of a video: the largest value of each window of time, height and width.

    y[t, c, h, w] = maxⱼ maxₖ maxₗ x[t·s₀ + j, c, h·s₁ + k − padding, w·s₂ + l − padding]
    time_out = ⌊(time − size₀) / s₀⌋ + 1,  height_out = ⌊(height + 2·padding − size₁) / s₁⌋ + 1,  likewise for width

Around a frame x is −∞. What lies beyond the last whole window is dropped. With a mask, a frame is real if its whole
window is; the rest is zero.
Source: D. Tran and others, Learning spatiotemporal features with 3D convolutional networks, 2015,
https://arxiv.org/abs/1412.0767.
Differs from torch: it is `nn.MaxPool3d`, channels behind time, without padding in time, with masks.
Cost: no parameters; size₀·size₁·size₂ comparisons an output value.
When: To make a video smaller where it counts that something was there, not how much; `[1, 2, 2]` keeps every frame.
"""

import torch.nn.functional as F

from weftnet.blocks.pooling._video import VideoPool


class MaxPool3d(VideoPool):
    """The largest value of each window of a video.

    Args:
        size: of a window along an axis, or [time, height, width].
        stride: from one window to the next, or [time, height, width]; the size by default.
        padding: pixels around each frame, which are never the largest.
    """

    where = "max_pool3d"
    pool = F.max_pool3d

    def __init__(self, size: int | list[int] = 2, stride: int | list[int] | None = None, padding: int = 0) -> None:
        super().__init__(size, stride, padding)
