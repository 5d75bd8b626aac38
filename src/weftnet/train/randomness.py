"""Randomness at a step is a pure function of (seed, step), so that none has to be saved to go on after a kill.

Each step starts all generators anew: torch's own (dropout and the like) and the one given to task and augmentations.
"""

from collections.abc import Iterator

import torch

from weftnet.data.order import mix

#: So that task and dropout don't draw the same numbers.
_OTHER = 0x5851F42D4C957F2D
#: Steps whose seeds are drawn at once: hashing one by one, between the work of two steps, takes several times as long.
_TOGETHER = 64


def reseed(device: torch.device, generator: torch.Generator, *place: int | str) -> None:
    """Start the generators for a place such as (seed, step)."""
    start(device, generator, mix(*place) >> 1)


def step_seeds(seed: int, step: int, *place: int | str) -> Iterator[int]:
    """What `reseed` starts with at (seed, step, …), (seed, step + 1, …) and so on."""
    while True:
        yield from [mix(seed, each, *place) >> 1 for each in range(step, step + _TOGETHER)]
        step += _TOGETHER


def start(device: torch.device, generator: torch.Generator, seed: int) -> None:
    """Start the generators with a seed below 2⁶³.

    `torch.manual_seed` would do for torch's own, but takes 80 µs where there is no GPU, this takes one.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        here = torch.cuda.current_device() if device.index is None else device.index
        torch.cuda.default_generators[here].manual_seed(seed)  # of this GPU, whichever is the current one
    generator.manual_seed(seed ^ _OTHER)


def device_of(model: torch.nn.Module) -> torch.device:
    """Where a model's first parameter lies."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
