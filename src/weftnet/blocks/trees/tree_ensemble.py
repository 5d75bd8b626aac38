"""Tree ensemble: decision trees on a vector, whose leaves' values are added.

    n ← left[t, n] + (x[feature[t, n]] > threshold[t, n])          from n = 0, `depth` times, in every tree t
    s = Σ_t value[t, n_t]
    y = s                       gives = sum: of boosted trees
        log(max(s, ε))          gives = log: where s is a probability of a class, as of a forest
        log(s' / (1 − s')), s' = clip(s, ε, 1 − ε)      gives = logit: where s is a probability of a label

with ε = 10⁻⁶. The two nodes below a node lie side by side, so that a comparison is added to the number of the left one.
A leaf is its own left node and its threshold is ∞: whoever has arrived stays. Trees are padded to the same sizes, so
that settings alone say the shapes; until a solver writes them, all are a single leaf of value 0. No step changes them.
Source: L. Breiman, Random forests, 2001, https://doi.org/10.1023/A:1010933404324; J. H. Friedman, Greedy function
approximation: a gradient boosting machine, 2001, https://doi.org/10.1214/aos/1013203451; evaluated as tensors like
S. Nakandala et al., A tensor compiler for unified machine learning prediction serving (Hummingbird), 2020,
https://www.usenix.org/conference/osdi20/presentation/nakandala.
Differs from torch, which has none. A missing value (NaN) goes left.
Cost: no parameters; trees·(2·leaves − 1)·(3 + dim) fixed values; 2·trees·depth + trees·dim operations. It is constant
between thresholds: no gradient passes.
When: For the forests and boosted trees that solvers grow: it is filled in by them, not trained by steps.
"""

from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive

_EPSILON = 1e-6


class TreeEnsemble(nn.Module):
    """Decision trees whose leaves' values are added.

    Args:
        dim_in: values of an example.
        dim: outputs.
        trees: how many.
        leaves: of a tree, at most.
        depth: comparisons on the way to a leaf, at most.
        gives: the sum; or, of a sum that is a probability, its logarithm or its logit.
    """

    differentiable: ClassVar[bool] = False
    feature: Tensor
    threshold: Tensor
    left: Tensor
    value: Tensor

    def __init__(
        self, dim_in: int, dim: int, trees: int = 100, leaves: int = 31, depth: int = 8,
        gives: Literal["sum", "log", "logit"] = "sum",
    ) -> None:  # fmt: skip
        super().__init__()
        positive("tree_ensemble", dim_in=dim_in, dim=dim, trees=trees, leaves=leaves, depth=depth)
        self.dim_in, self.dim, self.leaves, self.depth, self.gives = dim_in, dim, leaves, depth, gives
        nodes = 2 * leaves - 1
        self.register_buffer("feature", torch.zeros(trees, nodes, dtype=torch.int32))
        self.register_buffer("threshold", torch.full((trees, nodes), torch.inf))
        self.register_buffer("left", torch.arange(nodes, dtype=torch.int32).repeat(trees, 1))
        self.register_buffer("value", torch.zeros(trees, nodes, dim))

    def forward(self, x: Float[Tensor, "batch dim_in"]) -> Float[Tensor, "batch dim"]:
        """Every tree's leaf, added up."""
        trees, nodes = self.left.shape
        first = torch.arange(trees, device=x.device) * nodes  # of each tree, where all nodes lie one after another
        feature, threshold, left = self.feature.flatten(), self.threshold.flatten(), self.left.flatten()
        place = first.expand(x.shape[0], trees)
        for _ in range(self.depth):
            above = x.gather(1, feature[place].long()) > threshold[place]
            place = first + left[place].long() + above.long()
        s = self.value.flatten(0, 1)[place].sum(1)
        match self.gives:
            case "log":
                return s.clamp_min(_EPSILON).log()
            case "logit":
                return s.clamp(_EPSILON, 1 - _EPSILON).logit()
        return s
