"""Every architecture in examples/ reads, fits its own inputs, trains a step and is written back as it was read."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from weftnet.architecture.reading import load, read_text
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import to_yaml
from weftnet.compose import build
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
BATCH = 3
every = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


def batch(signals: dict[str, Signal]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    values, masks = {}, {}
    for name, signal in signals.items():
        integers = signal.dtype == "int"
        shape = signal.shape(BATCH)
        values[name] = torch.randint(signal.known["vocabulary"], shape) if integers else torch.randn(shape)
        if signal.padded:
            time = signal.size("time")
            masks[name] = torch.arange(time) < torch.tensor([[time], [time - 2], [time // 2]])
    return values, masks


def test_there_are_some() -> None:
    assert 8 <= len(EXAMPLES) <= 15


@every
def test_it_is_written_back_as_it_was_read(path: Path) -> None:
    architecture = load(path)
    assert read_text(to_yaml(architecture)) == (architecture, [])
    assert architecture.inputs, "an example says what it reads"
    assert path.read_text(encoding="utf-8").startswith("# "), "an example says what it is for"


@every
def test_it_fits_its_own_inputs_and_trains_a_step(path: Path) -> None:
    architecture = load(path)
    signals = {name: parse(text) for name, text in architecture.inputs.items()}
    if set(architecture.parts) == {"network"}:
        inputs = {"network": signals}
    else:
        name = "gan" if "critic" in architecture.parts else "variational_autoencoder"
        more = {} if name == "gan" else {"likelihood": "bernoulli"}
        (signal,) = signals.values()
        task = TASKS.get(name)(signal=signal.text(), latent=12, mean=[0.3], scale=[0.3], **more)
        assembled = assemble(architecture, task, signals)
        architecture, inputs = assembled.architecture, assembled.inputs
    model = build(architecture, inputs)
    for part, network in model.items():
        values, masks = batch(dict(inputs[part]))
        before = network(values, masks)
        assert before.isfinite().all()
        before.square().mean().backward()
        assert all(parameter.grad is not None for parameter in network.parameters())


def test_the_fashion_network_is_small() -> None:
    for name in ("fashion_cnn", "fashion_cnn_lstm_attention"):
        architecture = load(next(path for path in EXAMPLES if path.stem == name))
        model = build(architecture, {"network": {"image": parse("image:1x28x28")}})
        assert sum(parameter.numel() for parameter in model.parameters()) < 100_000
