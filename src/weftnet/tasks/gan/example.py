"""Images of a spot, which two numbers describe."""

from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example


def gan(folder: Path) -> Example:
    """96 images of 8×8 pixels in an .npz file, without a target."""
    draw = np.random.default_rng(0)
    rows, columns = np.mgrid[:8, :8]
    centres = draw.uniform(2, 5, (96, 2))
    distance = (rows - centres[:, :1, None]) ** 2 + (columns - centres[:, 1:, None]) ** 2
    source = folder / "spots.npz"
    np.savez(source, x=(230 * np.exp(-distance / 3)).astype(np.uint8))
    critic = {"chain": ["flatten", {"dense": {"dim": 24}}, "leaky_relu"]}
    parts = {"generator": {"chain": [{"dense": {"dim": 24}}, "relu"]}, "critic": critic}
    recipe = {"steps": 80, "batch_size": 32, "lr": 0.003, "evaluate_every": "20 steps"}
    settings = {"latent": 3, "critic_steps": 2}
    return Example(source, {"parts": parts}, recipe, {"mmd": (-1, 0.45)}, settings=settings)
