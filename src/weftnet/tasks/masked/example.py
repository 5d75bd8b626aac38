"""Sentences in which every word follows from the others."""

from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example


def masked(folder: Path) -> Example:
    """200 sentences of two parts in a table; who does something tells what is done, and the other way round."""
    draw = np.random.default_rng(0)
    who = {"the cat": "catches mice", "a dog": "chases cats", "this bird": "sings songs", "one fish": "swims alone"}
    places = draw.integers(4, size=(200, 2))
    pairs = list(who.items())
    lines = [" and ".join(" ".join(pairs[place]) for place in row) for row in places]
    source, question = folder / "sentences.csv", folder / "gaps.csv"
    source.write_text("text\n" + "\n".join(lines) + "\n", encoding="utf-8")
    gaps = ["the cat catches songz", "a dog", "this bird sings songs and one fisch swims alone", "grrr"]
    question.write_text("text\n" + "\n".join(gaps) + "\n", encoding="utf-8")
    nodes = [
        {"embedding": {"dim": 16}}, {"conv1d": {"dim": 32, "kernel": 5}}, "gelu", {"dropout": {"rate": 0.02}},
    ]  # fmt: skip
    recipe = {"steps": 150, "batch_size": 32, "lr": 0.01, "evaluate_every": "50 steps"}
    learnt = {"accuracy": (0.8, 1), "nats_per_token": (0, 0.8)}
    return Example(source, nodes, recipe, learnt, {"kinds": {"text": "text"}}, question=question)
