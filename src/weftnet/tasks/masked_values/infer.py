"""What a question about hidden values computes: everything is hidden once, in turn, and told from the rest."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.tasks._inference import Arrays, Options, Run
from weftnet.tasks.masked_values._pieces import in_turn, turns_of


def masked_values(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`told`, each value from those that were not hidden with it, `example`, and which values are `real`; all alike."""
    ((name, x),) = inputs.items()
    turns = turns_of(settings["share"])
    turn = in_turn(x.shape[1:], settings["patch"], settings["widths"], turns)
    told = np.zeros_like(x)
    for now in range(turns):
        hidden = turn == now
        y = next(iter(run("network", {name: np.where(hidden, 0, x).astype(x.dtype)}, masks).values()))
        told = np.where(hidden, y, told)
    real = np.ones(x.shape, bool)
    if name in masks:  # (batch, time)
        real &= np.asarray(masks[name], bool)[:, :, None]
    return {"told": told, "example": x, "real": real}
