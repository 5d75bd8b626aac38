"""Random weights under their published names, and photographs of two classes."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pictures

from weftnet.architecture.signal import parse
from weftnet.compose import build
from weftnet.transfer.matching import checkpoints_of
from weftnet.zoo import ZOO


def checkpoint(path: Path, classes: int | None = 3, drop: str = "", **more: torch.Tensor) -> Path:
    """Random weights of EfficientNet-Lite0 by their published names."""
    entry = "efficientnet_lite"
    (known, _) = checkpoints_of(entry)
    settings = {"size": 0, "classes": classes}
    network = build(ZOO.get(entry)(**settings), {"network": {"x": parse("image:3x32x32")}})["network"]
    names, tensors = known.names(settings), {}
    for name, value in network.state_dict().items():
        here = max((each for each in names if name.startswith(f"{each}.")), key=len)
        there = f"{names[here]}.{name.rpartition('.')[2]}"
        if not drop or drop not in there:
            tensors[there] = value
    torch.save({**tensors, **more}, path)
    return path


def photos(folder: Path, count: int = 4, labels: tuple[str, ...] = ("bee", "cow")) -> Path:
    draw = np.random.default_rng(0)
    for k, label in enumerate(labels):
        (folder / label).mkdir(parents=True)
        for i in range(count):
            pixels = draw.integers(0, 200, (40, 52, 3)).astype(np.uint8) + 55 * k
            Pictures.fromarray(pixels.astype(np.uint8)).save(folder / label / f"{i}.png")
    return folder
