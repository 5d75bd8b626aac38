"""Before the first step, blocks that learn from data by looking at them see some examples.

A block with a method `learn(x)` is given what comes to it when the first training examples pass through the network, in
evaluation mode, once; blocks before it have learnt by then. What it learns is part of its weights, so that neither a
resumed nor a loaded run looks again.
"""

from typing import Any

import torch
from torch import nn

from weftnet.train.randomness import device_of, reseed
from weftnet.train.recipe import Recipe

#: Examples that are looked at.
EXAMPLES = 5000


class _Done(Exception):
    """All have learnt: what follows in the network need not run."""


def first_look(model: nn.ModuleDict, task: Any, data: Any, recipe: Recipe) -> int:
    """Let every block learn that can; how many did.

    Args:
        model: the networks by part, on their device.
        task: whose first loss the examples are passed to.
        data: gives the examples.
        recipe: its seed chooses them.
    """
    waiting = {module for module in model.modules() if hasattr(module, "learn")}
    if not waiting:
        return 0
    count, device = len(waiting), device_of(model)

    def learn(block: nn.Module, inputs: tuple[Any, ...]) -> None:
        if block in waiting:
            waiting.remove(block)
            block.learn(inputs[0].detach())  # type: ignore[operator]  # a method, as was asked above

    def seen(block: nn.Module, inputs: Any, output: Any) -> None:
        if not waiting:
            raise _Done

    hooks = [hook for block in waiting for hook in (
        block.register_forward_pre_hook(learn), block.register_forward_hook(seen)
    )]  # fmt: skip
    generator = torch.Generator(device)
    reseed(device, generator, recipe.seed, "first look")
    batch = data.train_batch(0, min(EXAMPLES, data.sizes["train"]), recipe.seed).to(device)
    model.eval()
    try:
        next(task.losses(model, batch, generator))
    except _Done:
        pass
    finally:
        model.train()
        for hook in hooks:
            hook.remove()
    return count - len(waiting)
