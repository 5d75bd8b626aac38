"""The load of a line by the hour: a wave of twelve hours, which the wind disturbs."""

from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example


def forecasting(folder: Path) -> Example:
    """240 rows of a CSV table; the next four hours of `load` from the last twelve of both columns."""
    draw = np.random.default_rng(0)
    wind = draw.normal(3, 1, 240)
    load = 40 + 9 * np.sin(np.arange(240) * 2 * np.pi / 12) + wind + draw.normal(0, 0.5, 240)
    lines = ["load,wind", *(f"{a:.3f},{b:.3f}" for a, b in zip(load, wind, strict=True))]
    source = folder / "hours.csv"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    nodes = [{"lstm": {"dim": 8}}, {"dropout": {"rate": 0.02}}]
    recipe = {"steps": 90, "batch_size": 32, "lr": 0.03, "evaluate_every": "30 steps"}
    options = {"target": "load", "context": 12, "horizon": 4}
    return Example(source, nodes, recipe, {"mse": (0, 0.4), "skill": (0.3, 1)}, options)
