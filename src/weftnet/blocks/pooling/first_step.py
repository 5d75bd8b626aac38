"""The first real step of a sequence: where a class token gathers what a Transformer has read.

    y = x[t],  t = the smallest with mask[t]

A sequence without a real step gives zero.
Source: J. Devlin et al., BERT: pre-training of deep bidirectional Transformers for language understanding, 2018,
https://arxiv.org/abs/1810.04805.
Differs from torch, which has none: without a mask it is x[:, 0].
Cost: no parameters; nothing but a copy.
When: Behind an encoder with a `class_token`, as in BERT and ViT.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class FirstStep(nn.Module):
    """The first real step."""

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch dim"]:
        """Pick the first step where the mask is True."""
        if mask is None:
            return x[:, 0]
        t = mask.int().argmax(1)  # the first of equal largest values
        y = x[torch.arange(x.shape[0], device=x.device), t]
        return y.masked_fill(~mask.any(1, keepdim=True), 0)
