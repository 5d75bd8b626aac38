"""What a question about tags computes: one pass, then the best path, or the likeliest tag of each word."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.tasks._inference import Arrays, Options, Run
from weftnet.tasks.tagging._paths import decoded


def tagging(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`scores`, the network's output; `tags` (batch, time), −1 behind the end; `share` of each, and the `words`."""
    ((name, words),) = inputs.items()
    scores = next(iter(run("network", inputs, masks).values()))
    real = masks.get(name, np.ones(words.shape[:2], bool))
    tags, share = decoded(scores, real)
    return {"scores": scores, "tags": tags, "share": share, "words": words}
