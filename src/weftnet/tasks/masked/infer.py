"""What a question about masked tokens computes: one pass; at every unknown token the likeliest one is taken."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._tokens import PAD, UNKNOWN
from weftnet.tasks._inference import Arrays, Options, Run
from weftnet.tasks._softmax import softmax


def masked(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`filled` tokens (batch, time), the `share` of each in all that could stand there, and which are `unknown`.

    The share of a token that was known is 1, that of padding 0. Neither padding nor "unknown" is filled in.
    """
    ((name, tokens),) = inputs.items()
    logits = np.array(next(iter(run("network", inputs, masks).values())), np.float64)
    real = masks.get(name, np.ones(tokens.shape, bool))
    logits[..., [PAD, UNKNOWN]] = -np.inf
    unknown = real & (tokens == UNKNOWN)
    likeliest = softmax(logits)
    filled = np.where(unknown, likeliest.argmax(-1), tokens)
    share = np.where(unknown, likeliest.max(-1), real.astype(np.float64))
    return {"filled": filled, "share": share, "unknown": unknown, "real": real}
