"""Networks of several parts are as large as published, once their task has appended the heads."""

from typing import Any

import pytest
import torch

from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture
from weftnet.compose import build
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.zoo import ZOO

#: (entry, settings, input, parameters) as published, or as the formula in the entry's docstring has it.
PUBLISHED: list[tuple[str, dict[str, Any], str, int]] = [
    ("autoencoder", {}, "image:1x28x28", 222_384),
    ("vae_dense", {}, "image:1x28x28", 652_824),  # PyTorch's example of a VAE
    ("vae_conv", {}, "image:1x28x28", 205_825),
    ("gan_dense", {}, "image:1x28x28", 550_929),
    ("gan_conv", {}, "image:1x28x28", 292_578),
]
LATENT = {"autoencoder": 32, "vae_dense": 20, "vae_conv": 16, "gan_dense": 64, "gan_conv": 64}


def complete(architecture: Architecture, signal: Signal, latent: int) -> tuple[Architecture, Any]:
    """The architecture with its heads where it has parts, and what each part reads."""
    parts = set(architecture.parts)
    if parts == {"network"}:
        return architecture, {"network": {"x": signal}}
    scaled = {"signal": signal.text(), "latent": latent, "mean": [0.1], "scale": [0.3]}
    if parts == {"generator", "critic"}:
        assembled = assemble(architecture, TASKS.get("gan")(**scaled), {"x": signal})
    elif architecture.parts["encoder"].nodes[-1].settings.get("dim") == latent:  # an autoencoder has all it needs
        return architecture, {"encoder": {"x": signal}, "decoder": {"z": parse(f"vector:{latent}")}}
    else:
        task = TASKS.get("variational_autoencoder")(likelihood="bernoulli", **scaled)
        assembled = assemble(architecture, task, {"x": signal})
    return assembled.architecture, assembled.inputs


@pytest.mark.parametrize(("name", "settings", "text", "parameters"), PUBLISHED)
def test_the_parameters_are_as_many_as_published(name: str, settings: Any, text: str, parameters: int) -> None:
    architecture, inputs = complete(ZOO.get(name)(**settings), parse(text), LATENT.get(name, 0))
    with torch.device("meta"):
        model = build(architecture, inputs)
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters


def test_every_entry_is_counted() -> None:
    counted = {name for name in ZOO if hasattr(ZOO.module(name), "published")}
    assert counted | {name for name, *_ in PUBLISHED} == set(ZOO)
