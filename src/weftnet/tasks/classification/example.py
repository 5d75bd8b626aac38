"""Images of a bright bar: does it stand, lie, or is there none?"""

from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example


def classification(folder: Path) -> Example:
    """90 images of 6×6 pixels in an .npz file; a convolution tells the three classes apart."""
    draw = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = draw.integers(0, 60, (90, 6, 6), np.uint8)
    for image, label in zip(x, y, strict=True):
        place = draw.integers(6)
        if label == 1:
            image[place] += 150
        elif label == 2:
            image[:, place] += 150
    source = folder / "bars.npz"
    np.savez(source, x=x, y=np.array(["none", "lying", "standing"])[y])
    nodes = [{"conv2d": {"channels": 8}}, "relu", "global_max_pool2d", {"dropout": {"rate": 0.05}}]
    recipe = {"steps": 90, "batch_size": 16, "lr": 0.03, "evaluate_every": "30 steps"}
    return Example(source, nodes, recipe, {"accuracy": (0.9, 1), "loss": (0, 0.4)})
