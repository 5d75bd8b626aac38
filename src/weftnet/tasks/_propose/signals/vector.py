"""For rows of numbers and categories."""

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import Candidate, adamw, light, plain


def vector(signal: Signal) -> list[Candidate]:
    """A linear map, dense layers, residual dense layers."""
    dense = plain("mlp", {"widths": [128, 64], "dropout": 0.1}, adamw(3e-3), "dense layers, a solid start for tables")
    return [
        plain("linear", {}, adamw(1e-2), "the baseline that any network has to beat"),
        light(dense),
        plain("tabular", {"dim": 96, "hidden": 192}, adamw(2e-3), "residual dense layers, strong on larger tables"),
    ]


def example() -> str:
    """A small signal."""
    return "vector:5"
