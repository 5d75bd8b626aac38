"""Tones with noise and without, in a table of both files."""

from pathlib import Path

import numpy as np

from weftnet.base.wav import wav
from weftnet.tasks._example import Example

_RATE = 1000


def denoising(folder: Path) -> Example:
    """96 recordings of a third of a second; of their frequencies a filter keeps the few that are loud."""
    draw, lines = np.random.default_rng(0), ["noisy,clean"]
    for number in range(96):
        time = np.arange(draw.integers(240, 360)) / _RATE
        clean = draw.uniform(0.1, 0.2) * np.sin(2 * np.pi * draw.uniform(40, 200) * time + draw.uniform(0, 6))
        for name, sound in (("noisy", clean + 0.1 * draw.normal(size=len(time))), ("clean", clean)):
            (folder / f"{name}{number}.wav").write_bytes(wav(sound, _RATE))
        lines.append(f"noisy{number}.wav,clean{number}.wav")
    source, question = folder / "tones.csv", folder / "question.csv"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    question.write_text("\n".join(["noisy", *(f"noisy{number}.wav" for number in range(12))]) + "\n", encoding="utf-8")
    gains = ["log_magnitude", {"lstm": {"dim": 24, "bidirectional": True}}, {"dense": {"dim": 66}}]
    nodes = [
        {"short_time_fourier": {"window": 64}},
        {"parallel": {"merge": "gate", "branches": [[{"dropout": {"rate": 0.0}}], gains]}},
        "inverse_short_time_fourier",
    ]
    recipe = {"steps": 120, "batch_size": 16, "lr": 0.02, "evaluate_every": "40 steps"}
    kinds = {name: {"audio": {"seconds": 0.36}} for name in ("noisy", "clean")}
    learnt = {"si_sdr_gain": (4, 30), "si_sdr": (4, 40)}
    return Example(source, nodes, recipe, learnt, {"target": "clean", "kinds": kinds}, question=question)
