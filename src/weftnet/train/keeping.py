"""What a finished training leaves: all weights, adapters merged; or only what differs from the run it started from."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.base import units
from weftnet.execution.adapters import ADAPTERS, merge
from weftnet.run.folder import Run
from weftnet.run.lineage import Delta, StartFacts
from weftnet.run.loading import weights_of
from weftnet.train.start import origin_of, partners


def keep(model: nn.ModuleDict, run: Run, metrics: Mapping[str, Any], leads: bool = True) -> str:
    """Save a model's weights into its run, and merge its adapters.

    Args:
        model: with the weights that are kept.
        run: to write to.
        metrics: of these weights.
        leads: whether this process writes.

    Returns:
        What a person is told, if it is not the usual.
    """
    start, told = run.facts.start, ""
    if start is not None and start.delta and leads:
        origin = origin_of(start)
        if origin is not None:
            delta, own = _difference(model, start, origin, run)
            run.save_delta(own, delta, metrics)
            merge(model)
            size, whole = (units.size(sum(each.nbytes for each in all.values())) for all in (own, model.state_dict()))
            return f"; kept is what differs from {start.run}: {size} of {whole}"
        told = f"; all weights are kept, as {start.run} is not there as it was"
    merge(model)
    if run.facts.delta is not None:  # of an end that was interrupted
        run.record(delta=None)
    run.save_weights(model, metrics)
    return told


def _difference(model: nn.ModuleDict, start: StartFacts, origin: Run, run: Run) -> tuple[Delta, dict[str, Tensor]]:
    """Which tensors are the base's still, and all others."""
    there, here = weights_of(origin), model.state_dict()
    plain = [name for name in here if f".{ADAPTERS}." not in name]
    partner = partners(start.map, plain, list(there))
    taken: dict[str, str] = {}
    for name in plain:
        old = partner[name]
        same = old is not None and old in there and there[old].dtype == here[name].dtype
        if old is not None and same and torch.equal(there[old], here[name].cpu()):
            taken[name] = old
    own = {name: value for name, value in here.items() if name not in taken}
    base = origin.folder.resolve()
    near = Path(os.path.relpath(base, run.folder.resolve())).as_posix()
    return Delta(str(base), near, origin.checksum, taken), own
