"""An image as a sequence of square patches, each flattened.

    y[b, r · columns + s, (c · h + i) · w + j] = x[b, c, r · h + i, s · w + j]      patches of h × w

Patches come in row-major order (left to right, then down); inside one, channels × height × width.
Source: A. Dosovitskiy and others, An image is worth 16×16 words, 2021, section 3.1, https://arxiv.org/abs/2010.11929
As `F.unfold(x, size, stride=size)` transposed; the paper's code orders a patch height × width × channels.
Cost: none.
When: As the first block of a vision Transformer; the same as a `conv2d` whose stride is its kernel, without weights.
"""

from jaxtyping import Float
from torch import Tensor, nn


class Patchify(nn.Module):
    """Cut an image into patches.

    Args:
        size: height and width of a patch in pixels, or [height, width]; they must divide the image's.
    """

    def __init__(self, size: int | list[int]) -> None:
        super().__init__()
        sizes = [size, size] if isinstance(size, int) else list(size)
        if len(sizes) != 2 or min(sizes) < 1:
            raise ValueError(f"patchify: size: expected a positive integer or two, got {size}")
        self.height, self.width = sizes

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch time dim"]:
        """One step per patch.

        Raises:
            ValueError: the patches don't tile the image.
        """
        batch, channels, height, width = x.shape
        if height % self.height or width % self.width:
            raise ValueError(
                f"patchify: size: expected divisors of height {height} and width {width}, "
                f"got {self.height} and {self.width}"
            )
        rows, columns = height // self.height, width // self.width
        cut = x.reshape(batch, channels, rows, self.height, columns, self.width)
        return cut.permute(0, 2, 4, 1, 3, 5).reshape(batch, rows * columns, channels * self.height * self.width)
