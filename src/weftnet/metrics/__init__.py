"""Metrics: one file each. A metric is an object that sees outputs and targets batch by batch, then says one number.

METRICS.get("accuracy")()          update(outputs, target) for every batch, then compute()
make("macro_f1", {"classes": 3})   by name, with those facts of a task that its constructor asks for
make("torchmetrics.MulticlassAUROC", …)   a class of torchmetrics, if that is installed

Outputs and targets are what a task's `evidence` gives. `update` reads nothing back from the device; `compute` does.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weftnet.registry import Registry

if TYPE_CHECKING:
    from weftnet.metrics._metric import All as All
    from weftnet.metrics._metric import Metric as Metric
    from weftnet.metrics._metric import Sums as Sums

#: what a metric derives from; it comes when it is asked for, so that listing the metrics needs no torch
_LAZY = dict.fromkeys(("All", "Metric", "Sums"), "_metric")

METRICS: Registry[Any] = Registry("metric", __name__, Path(__file__).parent)


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
