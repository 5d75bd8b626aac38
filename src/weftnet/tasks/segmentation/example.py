"""Images of a bright disc on noise, in a folder beside their masks."""

from pathlib import Path

import numpy as np

from weftnet.base.png import png
from weftnet.tasks._example import Example


def segmentation(folder: Path) -> Example:
    """48 grey images of 16×16 pixels and their masks; two convolutions tell the disc from the ground."""
    draw, source = np.random.default_rng(0), folder / "discs"
    down, across = np.mgrid[:16, :16]
    for name in ("images", "masks"):
        (source / name).mkdir(parents=True)
    (source / "classes.txt").write_text("ground\ndisc\n", encoding="utf-8")
    for n in range(48):
        middle, radius = draw.uniform(4, 12, 2), draw.uniform(2, 4)
        disc = (down - middle[0]) ** 2 + (across - middle[1]) ** 2 < radius**2
        image = draw.integers(0, 90, (16, 16)) + 130 * disc
        (source / "images" / f"{n:02}.png").write_bytes(png(image.astype(np.uint8)))
        (source / "masks" / f"{n:02}.png").write_bytes(png(disc.astype(np.uint8)))
    nodes = [{"conv2d": {"channels": 8}}, "relu", {"conv2d": {"channels": 8}}, "relu", {"dropout": {"rate": 0.05}}]
    recipe = {"steps": 60, "batch_size": 8, "lr": 0.02, "evaluate_every": "20 steps"}
    return Example(source, nodes, recipe, {"mean_iou": (0.8, 1), "loss": (0, 0.3)}, question=source / "images")
