"""How scores are printed: shares in per cent, everything else unchanged."""

from weftnet.base.intervals import Interval

_SHARES = (
    "accuracy", "balanced_accuracy", "macro_f1", "micro_f1", "auroc", "subset_accuracy", "mean_average_precision",
)  # fmt: skip


def scale_of(metric: str) -> tuple[float, int, str]:
    """Factor, digits and unit in which a metric is printed."""
    return (100.0, 2, " %") if metric in _SHARES else (1.0, 4, "")


def score_of(metric: str, value: float | Interval) -> str:
    """A score with its unit: 98.70 %, 98.70 ± 0.31 %, 1.4321."""
    factor, digits, unit = scale_of(metric)
    text = value.text(factor, digits) if isinstance(value, Interval) else f"{value * factor:.{digits}f}"
    return f"{text}{unit}"
