"""A model laid out once under a plan, and called many times; the model itself stays as it is.

The blocks are copies, the tensors are not: weights and buffers lie in the model's own memory. Only those that the plan
needs otherwise are there twice: convolutions of images in channels-last layout, and folded layers. Under the plain plan
nothing is copied at all.
"""

import copy
from typing import Any

from torch import nn

from weftnet.data.batch import Batch
from weftnet.execution.plan import Plan


class Prepared:
    """A model in evaluation mode under a plan, kept memory left out: that is the whole process's.

    Args:
        model: the networks by part.
        plan: one for answers.
    """

    def __init__(self, model: nn.ModuleDict, plan: Plan) -> None:
        self.plan, self.written, self.model = plan, model, model
        # those that were made in inference mode count no changes
        self._tensors = [each for each in (*model.parameters(), *model.buffers()) if not each.is_inference()]
        self._marks = self._seen()
        if plan.but(keep_memory=False) != Plan():
            self.model = _sharing(model)
            plan.lay_out(self.model)

    @property
    def current(self) -> bool:
        """Whether the model's weights are those that were laid out: unchanged in place, and where they were."""
        return self.model is self.written or self._seen() == self._marks

    def __call__(self, batch: Batch) -> Any:
        """What the only network gives for a batch: a tensor, or tensors by name."""
        placed = self.plan.place(batch)
        return self.model["network"](placed.inputs, placed.masks)

    def _seen(self) -> list[int]:
        """How often each tensor was changed; and where the first one lies, as a model moves as a whole."""
        return [each._version for each in self._tensors] + [each.data_ptr() for each in self._tensors[:1]]


def _sharing(model: nn.ModuleDict) -> nn.ModuleDict:
    """Copies of all modules around the same memory; parameters are new objects, so that some can be laid out anew."""
    shared = {id(each): nn.Parameter(each.detach(), each.requires_grad) for each in model.parameters()}
    return copy.deepcopy(model, {**shared, **{id(each): each for each in model.buffers()}})
