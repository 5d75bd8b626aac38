"""What there is to explain: the logit of one of the labels."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from weftnet.tasks._targets import Targets, labels


def multilabel(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """The logit of the label `target`; of the likeliest one for None.

    Raises:
        UnknownName: there is no such label.
    """
    return labels(outputs, settings["labels"], target, "sigmoid")
