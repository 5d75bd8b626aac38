"""Tones, each of which a few codes describe."""

from pathlib import Path

import numpy as np

from weftnet.base.wav import wav
from weftnet.tasks._example import Example

_RATE = 1000


def codec(folder: Path) -> Example:
    """96 recordings of a third of a second, in a folder."""
    draw, recordings = np.random.default_rng(0), folder / "tones"
    recordings.mkdir()
    for number in range(96):
        time = np.arange(draw.integers(240, 360)) / _RATE
        sound = draw.uniform(0.1, 0.2) * np.sin(2 * np.pi * draw.uniform(40, 200) * time + draw.uniform(0, 6))
        (recordings / f"{number}.wav").write_bytes(wav(sound, _RATE))
    nodes = [
        {"pad_time": {"multiple": 4}},
        {"conv1d": {"dim": 24, "kernel": 15, "stride": 4}},
        "elu",
        {"residual_vector_quantiser": {"vocabulary": 32, "levels": 2}},
        {"transposed_conv1d": {"dim": 24, "kernel": 8, "stride": 4, "padding": 2}},
        "elu",
        {"conv1d": {"dim": 1, "kernel": 9}},
    ]
    recipe = {"steps": 120, "batch_size": 16, "lr": 0.02, "evaluate_every": "40 steps"}
    learnt = {"si_sdr": (3, 40), "bits_a_second": (2500, 2550), "spectral_distance": (0, 20)}
    kinds = {"audio": {"audio": {"seconds": 0.36}}}
    settings = {"windows": [32, 128]}
    return Example(recordings, nodes, recipe, learnt, {"kinds": kinds}, settings)
