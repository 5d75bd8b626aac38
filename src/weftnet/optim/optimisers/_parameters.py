"""What optimisers need of their parameters, which they receive as (name, parameter) pairs."""

from collections.abc import Iterable

from torch import nn

Named = Iterable[tuple[str, nn.Parameter]]


def values(optimiser: str, parameters: Named) -> list[nn.Parameter]:
    """The parameters that take a gradient.

    Raises:
        ValueError: there is none.
    """
    trainable = [parameter for _, parameter in parameters if parameter.requires_grad]
    if not trainable:
        raise ValueError(f"{optimiser}: parameters: expected at least one that takes a gradient, got none")
    return trainable


def by_decay(parameters: list[nn.Parameter], weight_decay: float) -> list[dict[str, object]]:
    """Two groups: parameters with two axes or more decay, biases and the gains of norms (one axis) don't.

    A bias or a gain near zero is not a simpler function, so decay would only cost accuracy.
    """
    groups: list[dict[str, object]] = [
        {"params": [value for value in parameters if value.ndim >= 2], "weight_decay": weight_decay},
        {"params": [value for value in parameters if value.ndim < 2], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def fused(parameters: Iterable[nn.Parameter]) -> bool:
    """Whether torch's fused kernels support these: one pass over memory, measured 2 to 3 times as fast as the loop."""
    return all(parameter.device.type in ("cpu", "cuda") for parameter in parameters)
