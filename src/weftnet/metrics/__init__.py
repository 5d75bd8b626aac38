"""Metrics: one file each. A metric is an object that sees outputs and targets batch by batch, then says one number.

METRICS.get("accuracy")()          update(outputs, target) for every batch, then compute()
make("macro_f1", {"classes": 3})   by name, with those facts of a task that its constructor asks for
make("torchmetrics.MulticlassAUROC", …)   a class of torchmetrics, if that is installed

Outputs and targets are what a task's `evidence` gives. `update` reads nothing back from the device; `compute` does.
"""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

METRICS: Registry[Any] = Registry("metric", __name__, Path(__file__).parent)
