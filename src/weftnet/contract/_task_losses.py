"""A task's losses: lazy, reaching, and random only by the generator."""

from typing import Any

import torch
from torch import Tensor

from weftnet.contract._check import expect
from weftnet.contract._scene import Scene, counted, generator


def _lazy(scene: Scene) -> None:
    """Nothing runs before a loss is asked for, and the work for it is done then."""
    model, seen, before = scene.model(), set(), 0
    with counted(model) as calls:
        losses = scene.task.losses(model, scene.batch(), generator())
        expect(not calls, "networks run before a loss is asked for", fix="yield (group, loss) from a generator")
        for group, loss in losses:
            expect(
                calls.total() > before,
                f"nothing runs for the loss of {group}",
                fix="compute each loss when it is asked for",
            )
            expect(isinstance(loss, Tensor) and loss.shape == (), "a loss is a tensor of shape ()", got=str(loss))
            expect(bool(loss.isfinite()), f"the loss of {group} is not finite")
            before = calls.total()
            seen.add(group)
    expect(seen == set(scene.task.groups), "a group has no loss", expected=str(set(scene.task.groups)), got=str(seen))


def _reaches(scene: Scene) -> None:
    """Every loss, with the auxiliary ones, has a gradient by all weights of its group."""
    model = scene.model()
    for group, loss in scene.task.losses(model, scene.batch(), generator()):
        named = {
            f"{part}.{key}": parameter
            for part in scene.task.groups[group]
            for key, parameter in model[part].named_parameters()
        }
        networks: list[Any] = [model[part] for part in scene.task.groups[group]]
        auxiliary = [each for network in networks for each in network.take_losses().values()]
        gradients = torch.autograd.grad(torch.stack([loss, *auxiliary]).sum(), list(named.values()), allow_unused=True)
        # a constant that is added to every output may cancel out: of differences, say
        dead = [key for (key, p), g in zip(named.items(), gradients, strict=True) if g is None and p.dim() > 1]
        fix = "compute the loss from the outputs of the group's parts, detach nothing of them"
        expect(not dead, f"the loss of {group} does not reach all weights", got=", ".join(dead), fix=fix)


def _chance(scene: Scene) -> None:
    """Chance comes from the generator alone."""
    model = scene.model().eval()
    state = torch.get_rng_state()
    first, second = (
        [float(loss.detach()) for _, loss in scene.task.losses(model, scene.batch(), generator(3))] for _ in range(2)
    )
    fix = "draw with generator=generator"
    untouched = torch.equal(torch.get_rng_state(), state)
    torch.set_rng_state(state)
    expect(first == second, "the same generator gives other losses", expected=str(first), got=str(second), fix=fix)
    expect(untouched, "the losses draw from the global generator", fix=fix)


CHECKS = [_lazy, _reaches, _chance]
