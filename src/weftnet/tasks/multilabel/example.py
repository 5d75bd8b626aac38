"""What is said of the weather by its temperature and its rain: any number of words."""

import json
from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example


def multilabel(folder: Path) -> Example:
    """120 rows of a JSON-lines file; `hot`, `wet` and `storm` each follow from the numbers."""
    draw = np.random.default_rng(0)
    lines = []
    for _ in range(120):
        degrees, rain, wind = draw.uniform(-5, 35), draw.uniform(0, 20), draw.uniform(0, 30)
        words = ["hot"] * (degrees > 20) + ["wet"] * (rain > 8) + ["storm"] * (wind > 18)
        lines.append(json.dumps({"degrees": degrees, "rain": rain, "wind": wind, "words": words}))
    source = folder / "weather.jsonl"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    nodes = [{"dense": {"dim": 16}}, "tanh", {"dropout": {"rate": 0.05}}]
    recipe = {"steps": 90, "batch_size": 32, "lr": 0.05, "evaluate_every": "30 steps"}
    learnt = {"mean_average_precision": (0.9, 1), "loss": (0, 0.4)}
    return Example(source, nodes, recipe, learnt, {"target": "words", "kinds": {"words": "labels"}})
