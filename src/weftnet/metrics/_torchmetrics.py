"""A metric of torchmetrics, by the name of its class: `torchmetrics.MulticlassAUROC`.

Only classes that torchmetrics itself exports are found, so that a run that names one can't make anything else run.
Number of classes and labels are filled in. Outputs are passed as they are: logits, where the task gives logits, which
torchmetrics turns into probabilities.
"""

import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from torch import Tensor

from weftnet.base.extras import need
from weftnet.data.outputs import Outputs, chosen
from weftnet.errors import SettingError, UnknownName
from weftnet.metrics._metric import Metric

PREFIX = "torchmetrics."


class Foreign(Metric):
    """A metric of torchmetrics.

    Args:
        name: `torchmetrics.CLASS`.
        facts: `classes` and `labels` of the task, if it has them.

    Raises:
        UnknownName: torchmetrics has no such metric.
        SettingError: it needs other arguments.
        MissingExtra: torchmetrics is not installed.
    """

    def __init__(self, name: str, facts: Mapping[str, Any]) -> None:
        cls = _classes().get(name.removeprefix(PREFIX))
        if cls is None:
            raise UnknownName("metric", name, sorted(PREFIX + each for each in _classes()))
        count = facts.get("classes")
        known = {"num_classes": count, "num_labels": count, "threshold": facts.get("threshold")}
        parameters = inspect.signature(cls).parameters
        settings = {key: value for key, value in known.items() if key in parameters and value is not None}
        try:
            self._inner = cls(**settings)
        except (TypeError, ValueError) as error:
            expected = "a metric that needs no more settings"
            raise SettingError(f"{name} can't be made", expected=expected, got=str(error)) from error
        self.name = name
        higher = self._inner.higher_is_better
        self.better = "" if higher is None else "max" if higher else "min"
        self.unit = ""

    def reset(self) -> None:
        """Forget every batch."""
        self._inner.reset()

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """See a batch."""
        answer = chosen(outputs)
        self._inner.to(answer.device).update(answer, target)

    def compute(self) -> Tensor | float:
        """The number.

        Raises:
            SettingError: the metric gives several numbers.
        """
        value: Tensor = self._inner.compute()
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise SettingError(f"{self.name} gives several numbers", expected="one")
        return value


def _classes() -> dict[str, Any]:
    """The metrics that torchmetrics exports, by name."""
    library = need("torchmetrics", extra="metrics", what="its metrics")
    loaded = (each for each in vars(library).values() if isinstance(each, ModuleType))
    modules = [library, *(each for each in loaded if each.__name__.startswith(PREFIX))]
    return {
        name: value
        for module in modules
        for name in getattr(module, "__all__", ())
        if isinstance(value := getattr(module, name, None), type) and issubclass(value, library.Metric)
    }
