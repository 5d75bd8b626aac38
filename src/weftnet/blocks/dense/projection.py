"""A projection that is there while training alone: a loss is computed behind it, and the answer in front of it.

    training:    y = relu(x · W₁ᵀ + b₁) · W₂ᵀ + b₂          W₁: (hidden, dim), W₂: (dim, hidden)
    evaluation:  y = x

What a contrastive loss wants to forget – colour, place, size – is then forgotten behind x and not in it: features in
front of the projection serve other tasks better.
Source: T. Chen, S. Kornblith, M. Norouzi, G. Hinton, A simple framework for contrastive learning of visual
representations, 2020, section 4.2, https://arxiv.org/abs/2002.05709.
Differs from the paper: it is as wide as what it reads, where the paper has 128; by its figure 8 the width hardly
matters. So the network gives one shape, whatever its mode.
Cost: 2·dim·hidden + hidden + dim parameters; 4·dim·hidden FLOPs a position while training, nothing in evaluation.
When: In front of a contrastive loss: what is kept afterwards are the features before it. The task adds it by itself.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive


class Projection(nn.Module):
    """Two layers while training, nothing in evaluation.

    Args:
        dim: features of a position.
        hidden: width of the layer between; `dim` if left out.
    """

    def __init__(self, dim: int, hidden: int | None = None) -> None:
        super().__init__()
        positive("projection", dim=dim, **({} if hidden is None else {"hidden": hidden}))
        self.inner = nn.Linear(dim, hidden or dim)
        self.outer = nn.Linear(hidden or dim, dim)

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Project, or in evaluation pass on."""
        if not self.training:
            return x
        y: Tensor = self.outer(F.relu(self.inner(x)))
        return y
