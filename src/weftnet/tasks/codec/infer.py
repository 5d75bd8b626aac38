"""What a question about a recording computes: its codes, and the wave that they stand for."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.tasks._inference import Arrays, Options, Run

CODES = "codes"


def codec(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`wave` (batch, time), zero at padding, which samples are `real`, `codes` (batch, frames, levels) and `bits`."""
    ((name, x),) = inputs.items()
    found = run("encoder", inputs, masks)
    codes = found[CODES]
    y = decoded(run, codes, padded=name in masks)[:, : x.shape[1]]
    real = np.asarray(masks.get(name, np.ones(x.shape[:2], bool)))
    return {"wave": np.where(real, y, 0), "real": real, "codes": codes, "bits": found["bits"]}


def decoded(run: Run, codes: NDArray[Any], *, padded: bool) -> NDArray[Any]:
    """The waves (batch, time) of codes (batch, frames, levels), −1 at padding.

    Args:
        run: runs the passes.
        codes: of several recordings.
        padded: whether the run's recordings have padding.
    """
    masks = {CODES: codes[:, :, 0] >= 0} if padded else {}
    y: NDArray[Any] = next(iter(run("decoder", {CODES: codes}, masks).values()))[:, :, 0]
    return y
