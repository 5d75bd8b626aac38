"""Whitening convolution: patches of the image, turned and scaled until their values are uncorrelated.

    Σ = mean p pᵀ over the patches p (channels_in·kernel²) of the data  =  V diag(λ) Vᵀ
    w_i = v_i / √(λ_i + eps)
    y[i] = wᵢ · p + bias_i,   y[i + channels_in·kernel²] = −wᵢ · p + bias_…

Every filter comes with its negative, so that a following rectifier loses nothing. The filters are not trained: they are
learnt once, from the examples the block sees before the first step (`weftnet.train.first_look`); until then the patches
come out as they are. Patches are not centred: images are normalised before.
Source: T. Page, How to train your ResNet 8: bag of tricks, 2019, https://myrtle.ai/learn/how-to-train-your-resnet-8-bag-of-tricks/;
with both signs and `eps` K. Jordan, 2024, https://arxiv.org/abs/2404.00498.
Differs from torch, which has none: it is `F.conv2d` with a buffer as weight.
Cost: 2·channels_in·kernel² parameters (the bias), 2·(channels_in·kernel²)² fixed weights; twice the weights in FLOPs
an output pixel.
When: As the first layer of a small image network that has to learn in few epochs; its filters are found from the data
at once.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.convolution._window import fits

#: Images whose patches are looked at together.
_PIECE = 256


class WhiteningConv2d(nn.Module):
    """A convolution without padding whose filters whiten patches.

    Args:
        channels_in: channels of the input.
        kernel: pixels of a patch along an axis.
        eps: added to the variance along each direction.
    """

    weight: Tensor

    def __init__(self, channels_in: int, kernel: int = 2, eps: float = 5e-4) -> None:
        super().__init__()
        positive("whitening_conv2d", channels_in=channels_in, kernel=kernel)
        if eps <= 0:
            raise ValueError(f"whitening_conv2d: eps: expected a positive number, got {eps}")
        self.kernel, self.eps = kernel, eps
        directions = channels_in * kernel**2
        basis = torch.eye(directions).view(directions, channels_in, kernel, kernel)
        self.register_buffer("weight", torch.cat([basis, -basis]))
        self.bias = nn.Parameter(torch.zeros(2 * directions))

    def forward(
        self, x: Float[Tensor, "batch channels_in height width"]
    ) -> Float[Tensor, "batch channels_out height_out width_out"]:
        """Whiten every patch."""
        for axis, name in enumerate(("height", "width"), 2):
            fits("whitening_conv2d", name, x.shape[axis], self.kernel, 1, (0, 0))
        return F.conv2d(x, self.weight, self.bias)

    @torch.no_grad()
    def learn(self, x: Float[Tensor, "batch channels_in height width"]) -> None:
        """Set the filters that whiten the patches of these images."""
        directions = self.weight.shape[1] * self.kernel**2
        total, count = torch.zeros(directions, directions, dtype=torch.float64, device=x.device), 0
        for piece in torch.split(x, _PIECE):
            patches = F.unfold(piece.double(), self.kernel)  # (batch, directions, patches)
            total += torch.matmul(patches, patches.mT).sum(0)
            count += patches.shape[0] * patches.shape[2]
        variances, vectors = torch.linalg.eigh(total / count)
        filters = (vectors / (variances + self.eps).sqrt()).T.view(directions, *self.weight.shape[1:])
        self.weight.copy_(torch.cat([filters, -filters]))
