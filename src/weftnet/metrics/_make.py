"""A metric by name, with what its constructor asks for."""

import inspect
from collections.abc import Mapping
from typing import Any

from weftnet.errors import SettingError
from weftnet.metrics import METRICS
from weftnet.metrics._metric import Metric
from weftnet.metrics._torchmetrics import PREFIX, Foreign


def make(name: str, facts: Mapping[str, Any]) -> Metric:
    """The metric called `name`, not yet updated.

    Args:
        name: an entry of METRICS, or `torchmetrics.CLASS`.
        facts: about a task: its settings, and `classes`. Those that the constructor has as arguments are passed.

    Raises:
        UnknownName: there is no such metric.
        SettingError: it needs an argument that the task doesn't have.
        MissingExtra: torchmetrics is not installed.
    """
    if name.startswith(PREFIX):
        return Foreign(name, facts)
    cls: type[Metric] = METRICS.get(name)
    parameters = inspect.signature(cls).parameters.values()
    missing = [each.name for each in parameters if each.default is each.empty and each.name not in facts]
    if missing:
        got = ", ".join(facts)
        raise SettingError(f"the metric {name!r} needs what the task doesn't have", expected=missing[0], got=got)
    return cls(**{each.name: facts[each.name] for each in parameters if each.name in facts})
