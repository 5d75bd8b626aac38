"""Networks with random weights as if they had been loaded from a run, in float64; and data to ask them about."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import Signal, parse
from weftnet.compose import build
from weftnet.data import Batch, Data
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded
from weftnet.tasks import TASKS


def loaded(
    folder: Path, node: Any, inputs: dict[str, str], labels: int | None = 3, data: Data | None = None, seed: int = 3
) -> Loaded:
    """A network that gives `labels` logits, or a number; `data` lend their preprocessing."""
    signals: dict[str, Signal] = data.signals if data else {name: parse(text) for name, text in inputs.items()}
    task: Any
    if labels:
        task = TASKS.get("classification")(labels=[f"label {i}" for i in range(labels)])
    else:
        task = TASKS.get("regression")(mean=5.0, scale=2.5)
    architecture = from_dict(node)
    run = Run.create(
        folder / "run",
        architecture="",
        recipe={},
        task={"name": "classification" if labels else "regression", "settings": {}},
        data={},
        signals={},
        state=data.state() if data else {"form": "by hand"},
    )
    model = build(architecture, {"network": signals}, seed).double().eval()
    with torch.no_grad():
        for values in model.parameters():
            values.mul_(1.7)  # so that nothing is nearly linear
    return Loaded(run, architecture, task, signals, model)


def batch(inputs: dict[str, Tensor], masks: dict[str, Tensor] | None = None) -> Batch:
    count = len(next(iter(inputs.values())))
    return Batch(inputs, masks or {}, {}, torch.arange(count))


def doubled(examples: Batch) -> Batch:
    """The same in float64."""
    return replace(examples, inputs={k: v.double() if v.is_floating_point() else v for k, v in examples.inputs.items()})


def texts(count: int = 4, time: int = 9, vocabulary: int = 30) -> Batch:
    """Tokens of different lengths."""
    tokens = torch.randint(2, vocabulary, (count, time))
    mask = torch.arange(time) < torch.tensor([time, 5, 1, 7])[:count, None]
    return batch({"tokens": tokens * mask}, {"tokens": mask})


def score(net: Loaded, inputs: dict[str, Tensor], masks: dict[str, Tensor], index: list[int]) -> Tensor:
    """(batch,) the outputs at an index."""
    outputs = net.model["network"](inputs, masks)
    return outputs[torch.arange(len(outputs)), torch.tensor(index)]
