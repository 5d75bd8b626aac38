"""The same vector for each member of an ensemble.

    y[b, m] = x[b]

From here on the members differ by the weights of `rank_one_dense` and `member_dense`; `member_mean` joins them.
Source: Y. Wen, D. Tran, J. Ba, BatchEnsemble: an alternative approach to efficient ensemble and lifelong learning,
2020, https://arxiv.org/abs/2002.06715.
Differs: the members have an axis of their own, so that neither batch nor target is repeated.
Cost: no parameters; no copy either.
When: Where an ensemble within one network begins.
"""

from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class ToMembers(nn.Module):
    """A vector that all members read.

    Args:
        count: how many members there are.
    """

    def __init__(self, count: int = 32) -> None:
        super().__init__()
        positive("to_members", count=count)
        self.count = count

    def forward(self, x: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch members dim"]:
        """Hand the vector to every member."""
        return x.unsqueeze(1).expand(-1, self.count, -1)
