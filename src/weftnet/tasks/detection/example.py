"""Bright squares and wide bars on noise, in a table of their boxes."""

from pathlib import Path

import numpy as np

from weftnet.base.png import png
from weftnet.tasks._example import Example

_SIDE = 24


def detection(folder: Path) -> Example:
    """60 grey pictures with one or two things, and some with none; a few convolutions find them."""
    draw, home, lines = np.random.default_rng(0), folder / "shapes", ["file,label,x1,y1,x2,y2"]
    home.mkdir(parents=True)
    for number in range(60):
        pixels, name = draw.integers(0, 60, (_SIDE, _SIDE)), f"{number:02}.png"
        halves = [0, 1] if number % 3 else [number % 2]
        for half in halves if number % 10 else []:
            label = ("square", "bar")[draw.integers(2)]
            height, width = (8, 8) if label == "square" else (5, 14)
            top, left = 12 * half + draw.integers(0, 12 - height + 1), draw.integers(0, _SIDE - width + 1)
            pixels[top : top + height, left : left + width] = 180 + draw.integers(0, 60)
            lines.append(f"{name},{label},{left},{top},{left + width},{top + height}")
        if not number % 10:
            lines.append(f"{name},,,,,")
        (home / name).write_bytes(png(pixels.astype(np.uint8)))
    (home / "shapes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    nodes = [
        {"conv2d": {"channels": 16, "stride": 2}}, "batch_norm2d", "relu", {"conv2d": {"channels": 32, "stride": 2}},
        "batch_norm2d", "relu", {"conv2d": {"channels": 32, "dilation": 2}}, "batch_norm2d", "relu",
        {"dropout": {"rate": 0.02}}, {"decoupled_tower": {"stride": 4, "dim": 24}},
    ]  # fmt: skip
    recipe = {"steps": 150, "batch_size": 12, "lr": 0.01, "evaluate_every": "50 steps"}
    learnt = {"mean_average_precision": (0.5, 1), "average_precision_50": (0.8, 1)}
    question = folder / "question"
    question.mkdir()
    for number in range(12):
        (question / f"{number:02}.png").write_bytes((home / f"{number:02}.png").read_bytes())
    return Example(home / "shapes.csv", nodes, recipe, learnt, question=question)
