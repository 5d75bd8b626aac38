"""Images of a spot, of which the rest follows from some of its pixels."""

from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example


def masked_values(folder: Path) -> Example:
    """192 images of 8×8 pixels in an .npz file, without a target."""
    draw = np.random.default_rng(0)
    rows, columns = np.mgrid[:8, :8]
    centres = draw.uniform(2, 5, (192, 2))
    distance = (rows - centres[:, :1, None]) ** 2 + (columns - centres[:, 1:, None]) ** 2
    source = folder / "spots.npz"
    np.savez(source, x=(230 * np.exp(-distance / 6)).astype(np.uint8))
    nodes = ["flatten", {"dense": {"dim": 48}}, "gelu", {"dense": {"dim": 48}}, "gelu", {"dropout": {"rate": 0.02}}]
    recipe = {"steps": 200, "batch_size": 48, "lr": 0.01, "evaluate_every": "50 steps"}
    return Example(source, nodes, recipe, {"error": (0, 0.35)}, settings={"patch": 2, "share": 0.4})
