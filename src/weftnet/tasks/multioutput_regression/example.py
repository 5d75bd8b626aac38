"""The price and the weight of a thing by its size, its age and its colour."""

from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example


def multioutput_regression(folder: Path) -> Example:
    """120 rows of a CSV table; price = 3 size − age + noise, weight = 40 size + 90·(colour is red) + noise."""
    draw = np.random.default_rng(0)
    lines = ["size,age,colour,price,weight"]
    for _ in range(120):
        size, age, colour = draw.uniform(1, 9), draw.uniform(0, 5), draw.choice(["red", "green", "blue"])
        price = 3 * size - age + draw.normal(0, 0.3)
        weight = 40 * size + 90 * (colour == "red") + draw.normal(0, 4)
        lines.append(f"{size:.3f},{age:.3f},{colour},{price:.3f},{weight:.2f}")
    source = folder / "things.csv"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    nodes = [{"dense": {"dim": 16}}, "gelu", {"dropout": {"rate": 0.01}}]
    recipe = {"steps": 120, "batch_size": 32, "lr": 0.03, "evaluate_every": "30 steps"}
    learnt = {"rmse": (0, 0.4), "r2": (0.9, 1)}
    return Example(source, nodes, recipe, learnt, {"target": ["price", "weight"]})
