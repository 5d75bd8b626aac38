"""Images of a spot, which two numbers describe."""

from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example


def variational_autoencoder(folder: Path) -> Example:
    """96 images of 8×8 pixels in an .npz file, without a target."""
    draw = np.random.default_rng(0)
    rows, columns = np.mgrid[:8, :8]
    centres = draw.uniform(2, 5, (96, 2))
    distance = (rows - centres[:, :1, None]) ** 2 + (columns - centres[:, 1:, None]) ** 2
    source = folder / "spots.npz"
    np.savez(source, x=(230 * np.exp(-distance / 3)).astype(np.uint8))
    encoder = {"chain": ["flatten", {"dense": {"dim": 24}}, "gelu"]}
    parts = {"encoder": encoder, "decoder": {"chain": [{"dense": {"dim": 24}}, "gelu"]}}
    recipe = {"steps": 150, "batch_size": 32, "lr": 0.01, "evaluate_every": "30 steps"}
    return Example(source, {"parts": parts}, recipe, {"elbo": (-32, 50), "kl": (0.3, 60)}, settings={"latent": 3})
