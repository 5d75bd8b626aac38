"""Before the first step, blocks that initialise themselves from data see some examples.

A block with a method `learn(x)` receives its input when the first training examples pass through the network in
evaluation mode, once; blocks before it have learnt by then. Of a padded input it receives the real steps, one after
another, without the axis of the examples. What it learns is part of its weights, so neither a resumed
nor a loaded run repeats it.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from weftnet.data.data import Data
from weftnet.tasks._task import Task
from weftnet.train.randomness import device_of, reseed
from weftnet.train.recipe import Recipe

#: Examples that the blocks see.
EXAMPLES = 5000


class _Done(Exception):
    """All blocks have learnt: the rest of the network need not run."""


def first_look(model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe) -> int:
    """Let every block with a method `learn` learn; return how many did.

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

    def learn(block: nn.Module, inputs: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        if block in waiting:
            waiting.remove(block)
            x, mask = inputs[0] if inputs else next(iter(named.values())), named.get("mask")
            seen = x.detach() if mask is None else x.detach()[mask]
            block.learn(seen)  # type: ignore[operator]  # a method, as tested above

    def stop_when_done(block: nn.Module, inputs: Any, output: Any) -> None:
        if not waiting:
            raise _Done

    hooks = [hook for block in waiting for hook in (
        block.register_forward_pre_hook(learn, with_kwargs=True), block.register_forward_hook(stop_when_done)
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
