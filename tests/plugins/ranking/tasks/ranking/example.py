"""Flats for people who look for one: large and near is relevant, dear is not."""

import json
from pathlib import Path

import numpy as np

from weftnet.tasks import Example


def ranking(folder: Path) -> Example:
    """120 lists of 6 items with 4 numbers each; a grade is where size + 2·nearness − price lies among quarters."""
    draw = np.random.default_rng(0)
    lines = []
    for _ in range(120):
        items = draw.normal(size=(6, 4)).round(3)
        worth = items[:, 0] + 2 * items[:, 1] - items[:, 2] + draw.normal(0, 0.1, 6)
        grades = np.digitize(worth, [-1.5, 0, 1.5])
        grades[draw.random(6) < 0.05] = -1  # nobody judged it
        lines.append(json.dumps({"items": items.tolist(), "grades": grades.tolist()}))
    source = folder / "flats.jsonl"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    nodes = [{"dense": {"dim": 8}}, "relu"]
    recipe = {"steps": 60, "batch_size": 16, "lr": 0.05, "evaluate_every": "20 steps", "augment": ["shuffle_items"]}
    return Example(source, nodes, recipe, {"ndcg": (0.9, 1)}, {"target": "grades"})
