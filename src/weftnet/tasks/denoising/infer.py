"""What a question about a noisy wave computes: one pass, of which the wave's own samples are kept."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.tasks._inference import Arrays, Options, Run


def denoising(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`wave` and `noisy` (batch, time), zero at padding, and which samples are `real`."""
    ((name, x),) = inputs.items()
    y = next(iter(run("network", inputs, masks).values()))[:, : x.shape[1], 0]
    real = np.asarray(masks.get(name, np.ones(x.shape[:2], bool)))
    return {"wave": np.where(real, y, 0), "noisy": np.where(real, x[..., 0], 0), "real": real}
