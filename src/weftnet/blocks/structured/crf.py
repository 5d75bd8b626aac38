"""Linear-chain conditional random field: tags that are chosen together, since what follows what is scored too.

    ψ_t[i, j] = x_t[j] + transitions[i, j]       after tag i, tag j
    ψ_0[i, j] = x_0[j] + start[j]                the same for all i
    at the last real step  + end[j]
    p(y | x) = exp Σ_t ψ_t[y_{t−1}, y_t] / Z     Z: the same sum over all paths (`_paths.py`)

The block gives the potentials ψ (batch, time, tags, tags), zero at padding: all that the likelihood and the best path
need. So the loss, the search for the best path and an export read one tensor, and know no weights.
Source: J. Lafferty, A. McCallum, F. Pereira, Conditional random fields, 2001,
https://repository.upenn.edu/handle/20.500.14332/6188; over a network: R. Collobert and others, Natural language
processing (almost) from scratch, 2011, https://arxiv.org/abs/1103.0398.
Differs from torch, which has none; weights start at U(±0.1), as in the package pytorch-crf.
Cost: dim² + 2 · dim parameters; time · dim² additions.
When: For tags that depend on their neighbours, such as the beginnings and insides of names. The task adds it by itself.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class Crf(nn.Module):
    """The potentials of a chain of tags.

    Args:
        dim_in: how many tags there are; each step of the input holds a score for each.
    """

    def __init__(self, dim_in: int) -> None:
        super().__init__()
        positive("crf", dim_in=dim_in)
        self.start = nn.Parameter(torch.empty(dim_in).uniform_(-0.1, 0.1))
        self.end = nn.Parameter(torch.empty(dim_in).uniform_(-0.1, 0.1))
        self.transitions = nn.Parameter(torch.empty(dim_in, dim_in).uniform_(-0.1, 0.1))

    def forward(
        self, x: Float[Tensor, "batch time dim_in"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim_before dim_in"]:
        """ψ of every step."""
        if mask is not None:
            x = torch.where(mask.unsqueeze(2), x, torch.zeros_like(x))
        step = torch.arange(x.shape[1], device=x.device)
        before = torch.where((step == 0)[:, None, None], self.start.expand_as(self.transitions), self.transitions)
        if mask is None:
            last = (step == x.shape[1] - 1).expand(x.shape[:2])
        else:
            last = mask & (step == (mask * step).amax(1, keepdim=True))
        after = torch.where(last.unsqueeze(2), self.end, torch.zeros_like(self.end))
        psi = (x + after).unsqueeze(2) + before
        return psi if mask is None else torch.where(mask[:, :, None, None], psi, torch.zeros_like(psi))
