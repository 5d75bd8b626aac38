"""The networks that every peer trains: architecture, synthetic data that can be learnt, and recipe.

No dropout and no augmentation, so that all peers do the same arithmetic on the same batches in the same order and must
reach the same loss. An epoch has as many steps as were asked for.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.compose import build
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.train.randomness import reseed
from weftnet.zoo import ZOO

Arrays = tuple[NDArray[Any], NDArray[Any]]

#: Examples that are held out.
HELD_OUT = 512
SEED_CNN = """
inputs: {x: "image:1x28x28"}
chain:
  - conv2d: {channels: 32, kernel: 3, padding: valid}
  - relu
  - max_pool2d
  - conv2d: {channels: 64, kernel: 3, padding: valid}
  - relu
  - max_pool2d
  - conv2d: {channels: 64, kernel: 3, padding: valid}
  - relu
  - flatten
  - dense: {dim: 64}
  - relu
"""


def patterns(count: int, shape: tuple[int, ...], classes: int = 10, strength: float = 0.5) -> Arrays:
    """Noise on one coarse pattern for each class."""
    draw = np.random.default_rng(0)
    coarse = draw.standard_normal((classes, shape[0], shape[1] // 4, shape[2] // 4))
    fine = coarse.repeat(4, axis=2).repeat(4, axis=3)
    labels = draw.integers(classes, size=count)
    return (strength * fine[labels] + draw.standard_normal((count, *shape))).astype(np.float32), labels


def rule(count: int, columns: int = 500, classes: int = 10) -> Arrays:
    """A wide table whose class is a linear function of it."""
    draw = np.random.default_rng(0)
    x = draw.standard_normal((count, columns)).astype(np.float32)
    return x, (x @ draw.standard_normal((columns, classes))).argmax(1)


def words(count: int, length: int = 64, vocabulary: int = 5000, classes: int = 4) -> Arrays:
    """Texts in which a fifth of the words come from the class's own share of the vocabulary."""
    draw = np.random.default_rng(0)
    labels = draw.integers(classes, size=count)
    own = 1 + labels[:, None] + classes * draw.integers((vocabulary - 1) // classes - 1, size=(count, length))
    anything = draw.integers(1, vocabulary, size=(count, length))
    return np.where(draw.random((count, length)) < 0.2, own, anything), labels


def characters(count: int, length: int = 64, vocabulary: int = 65) -> Arrays:
    """Windows of a Markov chain, and as target the same windows shifted by one character."""
    draw = np.random.default_rng(0)
    follow = draw.integers(vocabulary, size=(vocabulary, 4))  # each character is followed by one of four
    text = np.empty((count, length + 1), dtype=np.int64)
    text[:, 0] = draw.integers(vocabulary, size=count)
    for place in range(length):
        text[:, place + 1] = follow[text[:, place], draw.integers(4, size=count)]
    return text[:, :-1], text[:, 1:].copy()


@dataclass(frozen=True)
class Network:
    """A network and its training.

    Args:
        architecture: without the task's head.
        signal: of the input `x`.
        task: name and settings.
        data: number → that many examples with targets.
        batch: examples in a batch.
        lr: of Adam, constant.
        betas: of Adam.
    """

    architecture: Callable[[], Architecture]
    signal: str
    task: tuple[str, dict[str, Any]]
    data: Callable[[int], Arrays]
    batch: int = 64
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)


def classes(count: int) -> tuple[str, dict[str, Any]]:
    """Classification."""
    return "classification", {"labels": [str(label) for label in range(count)]}


def zoo(name: str, **settings: Any) -> Callable[[], Architecture]:
    """An entry of the zoo."""
    return lambda: ZOO.get(name)(**settings)


def of_text(text: str) -> Callable[[], Architecture]:
    """An architecture in YAML."""

    def read() -> Architecture:
        architecture, faults = read_text(text)
        if architecture is None or faults:
            raise SystemExit("\n".join(map(str, faults)))
        return architecture

    return read


IMAGE = "image:1x28x28"
NETWORKS: dict[str, Network] = {
    "seed_cnn": Network(of_text(SEED_CNN), IMAGE, classes(10), lambda n: patterns(n, (1, 28, 28))),
    "residual_cnn": Network(
        zoo("resnet_small", blocks=1), "image:3x32x32", classes(10), lambda n: patterns(n, (3, 32, 32))
    ),
    "lstm": Network(zoo("text_lstm", dim=64, dropout=0.0), "tokens:64,vocabulary=5000", classes(4), words),
    "transformer": Network(zoo("text_transformer", dropout=0.0), "tokens:64,vocabulary=5000", classes(4), words),
    "gpt": Network(
        zoo("char_transformer"), "tokens:64,vocabulary=65", ("language_model", {"vocabulary": 65, "context": 64}),
        characters, batch=16,
    ),
    "mlp": Network(zoo("mlp"), "vector:500", classes(10), rule, batch=256),
    "vae": Network(
        zoo("vae_conv"), IMAGE, ("variational_autoencoder", {"signal": IMAGE, "likelihood": "gaussian"}),
        lambda n: patterns(n, (1, 28, 28)),
    ),
    "dcgan": Network(
        zoo("gan_conv"), IMAGE, ("gan", {"signal": IMAGE, "critic_steps": 1}), lambda n: patterns(n, (1, 28, 28)),
        lr=1e-4, betas=(0.0, 0.9),
    ),
}  # fmt: skip


def prepare(network: Network, steps: int, planned: int, folder: Path) -> Path:
    """Write what a peer needs into a folder: job.json, data.npz, weights.safetensors.

    With the seeds of each step a peer can draw the same numbers as weftnet's tasks.

    Args:
        network: what is trained.
        steps: to train.
        planned: steps of the training whose plan weftnet measures beforehand.
        folder: to be created; its name is the job's.
    """
    task = TASKS.get(network.task[0])(**network.task[1])
    complete = assemble(network.architecture(), task, {"x": parse(network.signal)})
    model = build(complete.architecture, complete.inputs, seed=0)
    count = steps * network.batch
    x, y = network.data(count + HELD_OUT)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "data.npz", x=x[:count], y=y[:count], held_x=x[count:], held_y=y[count:])
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, folder / "weights.safetensors")
    job = {
        "network": folder.name,
        "architecture": to_yaml(network.architecture()),
        "signal": network.signal,
        "task": network.task,
        "batch": network.batch,
        "lr": network.lr,
        "betas": network.betas,
        "steps": steps,
        "planned": planned,
        "seeds": seeds(steps),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    path = folder / "job.json"
    path.write_text(json.dumps(job, indent=1), encoding="utf-8")
    return path


def seeds(steps: int) -> list[int]:
    """The seeds of the generator that weftnet's loop passes to its task, step by step."""
    generator, numbers = torch.Generator(), []
    with torch.random.fork_rng(devices=[]):  # torch's own generator is reseeded too
        for step in range(steps):
            reseed(torch.device("cpu"), generator, 0, step)
            numbers.append(generator.initial_seed())
    return numbers
