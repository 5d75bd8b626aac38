"""Images of four fields, each as bright as it likes."""

from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example


def contrastive(folder: Path) -> Example:
    """96 images of 8×8 pixels in an .npz file, without a target; each is known again in another view."""
    draw = np.random.default_rng(0)
    fields = draw.integers(0, 256, (96, 2, 2)).astype(np.uint8)
    source = folder / "fields.npz"
    np.savez(source, x=fields.repeat(4, 1).repeat(4, 2))
    nodes = ["flatten", {"dense": {"dim": 24}}, "relu", {"dense": {"dim": 12}}, {"dropout": {"rate": 0.05}}]
    recipe = {"steps": 150, "batch_size": 48, "lr": 0.01, "evaluate_every": "30 steps"}
    return Example(source, nodes, recipe, {"retrieval": (0.8, 1), "loss": (0, 0.8)})
