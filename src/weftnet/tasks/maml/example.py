"""Images with a bright field each, in one of eight places."""

from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example


def maml(folder: Path) -> Example:
    """240 images of 8×8 pixels in an .npz file, of eight classes; a few of each tell them apart."""
    draw = np.random.default_rng(0)
    y = np.arange(240) % 8
    x = draw.integers(0, 150, (240, 8, 8)).astype(np.uint8)
    for image, place in zip(x, y, strict=True):
        row, column = divmod(int(place), 4)
        image[4 * row : 4 * row + 4, 2 * column : 2 * column + 2] += 90
    source = folder / "places.npz"
    np.savez(source, x=x, y=np.array([f"place {each}" for each in y]))
    nodes = ["flatten", {"dense": {"dim": 24}}, "relu"]
    recipe = {"steps": 100, "accumulate": 1, "batch_size": 40, "lr": 0.01, "evaluate_every": "20 steps"}
    return Example(
        source, nodes, recipe, {"accuracy": (0.85, 1), "loss": (0, 0.8)}, settings={"shots": 2, "queries": 2}
    )
