"""An encoder that was learnt without labels becomes the network of a classifier, without a map; and back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.compete.entering import FitOptions, entries_of
from weftnet.data import Data, open_data
from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.train import Recipe, Start, fit

ENCODER: list[Any] = ["flatten", {"dense": {"dim": 10}}, "gelu"]
PARTS = {"parts": {"encoder": {"chain": ENCODER}, "decoder": {"chain": [{"dense": {"dim": 9}}, "gelu"]}}}


def arrays(folder: Path, labels: bool) -> Path:
    draw = np.random.default_rng(0)
    path = folder / ("labelled.npz" if labels else "unlabelled.npz")
    x = draw.integers(0, 256, (60, 6, 6)).astype(np.uint8)
    np.savez(path, x=x, **({"y": np.array(["a", "b"])[x[:, 0, 0] // 128]} if labels else {}))
    return path


def trained(folder: Path, name: str, net: Any, data: Data, start: Start | None = None, **settings: Any) -> Run:
    task = TASKS.get(name).from_data(data, **settings)
    recipe = Recipe.for_task(task, steps=4, batch_size=16, plan="eager")
    return fit(from_dict(net), task, data, recipe, folder, start=start, device="cpu")


def weights(run: Run) -> dict[str, torch.Tensor]:
    return tensors.load(run.folder / "weights.safetensors")


def test_the_encoder_becomes_the_network(tmp_path: Path) -> None:
    first = trained(tmp_path / "vae", "variational_autoencoder", PARTS, open_data(arrays(tmp_path, False)), latent=3)
    start = Start(str(first.folder), freeze=["1"])
    second = trained(tmp_path / "net", "classification", ENCODER, open_data(arrays(tmp_path, True)), start)
    assert torch.equal(weights(second)["network.1.linear.weight"], weights(first)["encoder.1.linear.weight"])
    assert second.facts.start is not None
    assert second.facts.start.map == {"network": "encoder"}
    assert "decoder" in "\n".join(second.facts.start.lines)


def test_a_network_becomes_the_encoder(tmp_path: Path) -> None:
    first = trained(tmp_path / "net", "classification", ENCODER, open_data(arrays(tmp_path, True)))
    unlabelled = open_data(arrays(tmp_path, False))
    start = Start(str(first.folder), freeze=["encoder.1"])
    second = trained(tmp_path / "vae", "variational_autoencoder", PARTS, unlabelled, start, latent=3)
    assert torch.equal(weights(second)["encoder.1.linear.weight"], weights(first)["network.1.linear.weight"])


def test_a_map_of_the_part_counts_more(tmp_path: Path) -> None:
    first = trained(tmp_path / "vae", "variational_autoencoder", PARTS, open_data(arrays(tmp_path, False)), latent=3)
    data = open_data(arrays(tmp_path, True))
    with pytest.raises(RunError, match="none of its weights fits"):
        trained(tmp_path / "net", "classification", ENCODER, data, Start(str(first.folder), {"network": "decoder"}))


@pytest.mark.parametrize(
    ("labels", "task", "expected", "parts"),
    [
        (True, None, "classification", {"network"}),
        (False, None, "variational_autoencoder", {"encoder", "decoder"}),
        (False, "contrastive", "contrastive", {"network"}),
        (True, "variational_autoencoder", "variational_autoencoder", {"encoder", "decoder"}),
    ],
)
def test_without_an_architecture_it_is_what_the_task_needs(
    tmp_path: Path, labels: bool, task: str | None, expected: str, parts: set[str]
) -> None:
    first = trained(tmp_path / "vae", "variational_autoencoder", PARTS, open_data(arrays(tmp_path, False)), latent=3)
    options = FitOptions(str(arrays(tmp_path, labels)), task=task, start={"from": str(first.folder)})
    entries = entries_of(options)
    assert entries.terms.task == expected
    (candidate,) = (each for each in entries.candidates if not each.baseline)
    assert set(candidate.architecture.parts) == parts
