"""Randomness at a step is a pure function of (seed, step), so no generator state has to be saved for a resume.

Each step reseeds all generators: torch's own (dropout and the like) and the one that task and augmentations use.
"""

from collections.abc import Iterator

import torch

from weftnet.data.order import mix

#: Makes the seeds differ, so that task and dropout don't draw the same numbers.
_OTHER = 0x5851F42D4C957F2D
#: Steps whose seeds are computed together: one by one, between the work of two steps, takes several times as long.
_AT_ONCE = 64


def reseed(device: torch.device, generator: torch.Generator, *key: int | str) -> None:
    """Reseed the generators for a key such as (seed, step)."""
    set_seed(device, generator, mix(*key) >> 1)


def step_seeds(seed: int, step: int, *key: int | str) -> Iterator[int]:
    """The seeds that `reseed` uses for (seed, step, …), (seed, step + 1, …) and so on."""
    while True:
        yield from [mix(seed, each, *key) >> 1 for each in range(step, step + _AT_ONCE)]
        step += _AT_ONCE


def set_seed(device: torch.device, generator: torch.Generator, seed: int) -> None:
    """Seed the generators with a number below 2⁶³.

    `torch.manual_seed` would do for torch's own, but takes 80 µs without a GPU; this takes one.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        here = torch.cuda.current_device() if device.index is None else device.index
        torch.cuda.default_generators[here].manual_seed(seed)  # of this GPU, even if another one is the current one
    generator.manual_seed(seed ^ _OTHER)


def device_of(model: torch.nn.Module) -> torch.device:
    """The device of a model's first parameter."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
