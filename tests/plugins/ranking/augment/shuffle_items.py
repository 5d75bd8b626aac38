"""Shuffle the items of every list, and their grades alike: an order that was given tells nothing.

x'[n, i] = x[n, π_n(i)],   grade'[n, i] = grade[n, π_n(i)],   π_n uniform over all orders
"""

from dataclasses import replace

import torch
from torch import Tensor

from weftnet.data import Batch


class ShuffleItems:
    """Works on a whole batch: every input, target and mask whose first axis after the batch is the items."""

    def on_batch(self, batch: Batch, generator: torch.Generator) -> Batch:
        """The batch in other orders."""
        rows, items = batch.target.shape
        drawn = torch.rand((rows, items), generator=generator, device=generator.device)
        order = drawn.argsort(1).to(batch.target.device)

        def moved(values: Tensor) -> Tensor:
            index = order.reshape(rows, items, *[1] * (values.dim() - 2)).expand_as(values)
            return values.gather(1, index)

        named = (batch.inputs, batch.targets, batch.target_masks)
        inputs, targets, masks = ({name: moved(values) for name, values in each.items()} for each in named)
        return replace(batch, inputs=inputs, targets=targets, target_masks=masks)
