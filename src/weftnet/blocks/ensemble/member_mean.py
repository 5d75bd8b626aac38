"""The members of an ensemble as one answer; in training with what makes the loss that of each member.

    training:    y = mean_m x[m],   spread = mean_m F(x[m]) − F(y)
    evaluation:  y = F'⁻¹( mean_m F'(x[m]) ): the mean of the members' probabilities, as a logit again

    of        F(x)                  F'(x), the answer
    classes   log Σ_k exp x_k       softmax          loss: cross-entropy, with label smoothing or without
    labels    Σ_k log(1 + exp x_k)  sigmoid          loss: binary cross-entropy
    numbers   Σ_k x_k²              2 x              loss: squared error

Losses of this family are F(x) less something linear in x, so that the mean of the members' losses is the loss of their
mean, plus `spread`, exactly: an auxiliary loss, which needs no target. Each member then learns by itself, as TabM's do.
With another loss, or with weights of classes, the sum is not exactly the members' mean loss, and works alike. F of
labels and numbers is averaged over k, as the losses are.
Source: Y. Gorishniy, A. Kotelnikov, A. Babenko, TabM: advancing tabular deep learning with parameter-efficient
ensembling, 2025, https://arxiv.org/abs/2410.24210; the ambiguity of an ensemble: A. Krogh, J. Vedelsby, Neural network
ensembles, cross validation, and active learning, 1994,
https://papers.nips.cc/paper/1994/hash/b8c37e33defde51cf91e1e03e51657da-Abstract.html
Cost: no parameters; some 5 operations per value of a member.
When: At the end of an ensemble within one network: it answers with the mean, and lets each member learn by itself.
"""

from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class Joined(NamedTuple):
    """What the members give together."""

    y: Float[Tensor, "batch dim"]
    spread: Float[Tensor, ""]


class MemberMean(nn.Module):
    """One output of all members.

    Args:
        of: what the outputs are: logits of classes that exclude each other, logits of labels that don't, or numbers.
    """

    def __init__(self, of: Literal["classes", "labels", "numbers"] = "numbers") -> None:
        super().__init__()
        if of not in ("classes", "labels", "numbers"):
            raise ValueError(f"member_mean: of: expected classes, labels or numbers, got {of!r}")
        self.of = of

    def forward(self, x: Float[Tensor, "batch members dim"]) -> Joined:
        """The mean, and how far the members are apart."""
        mean = x.mean(1)
        spread = (self._potential(x).mean(1) - self._potential(mean)).mean()
        return Joined(mean if self.training else self._answer(x), spread)

    def _potential(self, x: Tensor) -> Tensor:
        """F, of the last axis."""
        match self.of:
            case "classes":
                return x.logsumexp(-1)
            case "labels":
                return F.softplus(x).mean(-1)
        return x.square().mean(-1)

    def _answer(self, x: Tensor) -> Tensor:
        """The mean of the members' probabilities, as logits; of numbers their mean."""
        count = torch.log(x.new_tensor(float(x.shape[1])))
        match self.of:
            case "classes":
                return x.log_softmax(-1).logsumexp(1) - count
            case "labels":
                return F.logsigmoid(x).logsumexp(1) - F.logsigmoid(-x).logsumexp(1)
        return x.mean(1)
