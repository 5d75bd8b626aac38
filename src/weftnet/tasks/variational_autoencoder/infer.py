"""The passes of a variational autoencoder: the encoder, then the decoder from the mean code and from drawn ones.

    [m, v] = encoder(x),   z₀ = m,   z_k = m + exp(v/2) · ε_k,   y_k = decoder(z_k)

The noise ε_k is the same for every example and every question.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.errors import DataError
from weftnet.tasks._inference import Arrays, Run

_MOST = 1000


class Options(TypedDict, total=False):
    """What a question may ask.

    draws: codes drawn from q(z|x), over which the error is averaged; 0 for the mean code alone.
    """

    draws: int


def variational_autoencoder(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`reconstruction` from the mean code, `example`, `mean`, `log_variance`, and `drawn` (batch, draws, …)."""
    draws = options.get("draws", 0)
    if not 0 <= draws <= _MOST:
        raise DataError("draws is out of range", where="options", expected=f"0 … {_MOST}", got=str(draws))
    (x,) = inputs.values()
    mean, log_variance = np.split(run("encoder", inputs, masks)["output"], 2, axis=1)
    noise = np.random.default_rng(0).standard_normal((draws, mean.shape[1])).astype(mean.dtype)
    codes = [mean, *(mean + np.exp(log_variance / 2) * each for each in noise)]
    outputs = [run("decoder", {"latent": code}, {})["output"] for code in codes]
    drawn = np.stack(outputs[1:], 1) if draws else outputs[0][:, None]
    return {"reconstruction": outputs[0], "example": x, "mean": mean, "log_variance": log_variance, "drawn": drawn}
