"""Linear warm-up before any schedule: from zero to the full rate over a share of the training."""


def warm(progress: float, warmup: float) -> tuple[float, float]:
    """(factor of the warm-up, progress of what follows it), both in [0, 1].

    Raises:
        ValueError: the share is not in [0, 1).
    """
    if not 0.0 <= warmup < 1.0:
        raise ValueError(f"warmup: expected a share of the training in [0, 1), got {warmup}")
    progress = min(max(progress, 0.0), 1.0)
    if progress < warmup:
        return progress / warmup, 0.0
    return 1.0, (progress - warmup) / (1.0 - warmup)
