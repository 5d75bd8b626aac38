"""Bounds on the memory that a run's files can request, checked before anything of that size is allocated.

A few lines of an architecture can request terabytes. A run's weights fix the size of its network, and the length of
their file is checked. So the network is first built on the meta device, where sizes cost nothing, and its tensors are
compared with the weights'. Without weights (a training that starts anew) the bound is this machine's memory.
"""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Chain, to_dict
from weftnet.base.foreign import reading
from weftnet.base.units import amount, size
from weftnet.compose import build, resolve
from weftnet.errors import ArchitectureError, RunError
from weftnet.tasks._task import Task

#: settings up to this size are always allowed: a kernel, a number of layers, a length of pooling
_USUAL = 2**16
#: most bytes of buffers that are not saved as weights: tables of positions, filters
_TABLES = 2**30


def refuse_other_sizes(
    architecture: Architecture, inputs: Mapping[str, Mapping[str, Signal]], task: Task,
    saved: Mapping[str, tuple[int, ...]], weights: Path,
) -> None:  # fmt: skip
    """Refuse an architecture whose network doesn't match the weights, or whose outputs the task can't read.

    Args:
        architecture, inputs, task: of the run.
        saved: the shapes of its weights.
        weights: the file of them.

    Raises:
        RunError: a name or a shape differs, or the network can't be built.
        DamagedCheckpoint: the file of weights is damaged.
    """
    values = [signal.numel for part in inputs.values() for signal in part.values()]
    most = max([_USUAL, *map(math.prod, saved.values()), *values])
    _refuse_large_settings(to_dict(architecture), most, str(weights.with_name("architecture.yaml")))
    model = _on_meta(architecture, inputs, str(weights.parent))
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    for name in sorted(expected.keys() ^ saved.keys()):
        what = "are missing" if name in expected else "belong to no block"
        raise RunError(f"the weights don't fit the model: those of {name} {what}", where=str(weights))
    for name, shape in expected.items():
        if shape != saved[name]:
            what = f"the weights don't fit the model: {name} has another shape"
            raise RunError(what, where=str(weights), expected=str(shape), got=str(saved[name]))
    _refuse_other_answers(model, task, str(weights.with_name("architecture.yaml")))
    tables = _bytes(model) - sum(tensor.nbytes for tensor in model.state_dict().values())
    if tables > _TABLES:
        where = str(weights.with_name("architecture.yaml"))
        what, expected_size = "requests buffers that are too large", f"at most {size(_TABLES)}"
        raise RunError(what, where=where, expected=expected_size, got=size(tables))


def refuse_too_large(architecture: Architecture, inputs: Mapping[str, Mapping[str, Signal]], where: str) -> None:
    """Refuse an architecture whose weights alone don't fit into this machine's memory.

    Raises:
        RunError: they don't, or the network can't be built.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    _refuse_large_settings(to_dict(architecture), memory, where)
    if (needed := _bytes(_on_meta(architecture, inputs, where))) > memory:
        raise RunError(
            "is too large for this machine", where=where, expected=f"at most {size(memory)}", got=size(needed)
        )


def _refuse_other_answers(model: nn.ModuleDict, task: Task, where: str) -> None:
    """A complete network needs no further head, or one that would change no shape."""
    for part, network in model.items():
        gives = getattr(network, "gives", None)
        if not isinstance(gives, Signal):
            continue
        try:
            head = tuple(task.head(part, gives, None))
            becomes = resolve(Chain(head), {"x": gives}, part).output if head else gives
        except ArchitectureError as error:
            raise RunError(f"the network's output is not what the task reads: {error}", where=where) from error
        if becomes.sizes != gives.sizes:
            what = "the network's output is not what the task reads"
            raise RunError(what, where=f"{where}: {part}", expected=str(becomes), got=str(gives))


def _on_meta(architecture: Architecture, inputs: Mapping[str, Mapping[str, Signal]], where: str) -> nn.ModuleDict:
    with reading(where, "the network can't be built", error=RunError), torch.device("meta"):
        return build(architecture, inputs)


def _refuse_large_settings(tree: Any, most: int, where: str) -> None:
    """Refuse a setting that is larger than the number of the network's weights, or of its input's values."""
    match tree:
        case bool():
            return
        case int() if abs(tree) > most:
            raise RunError("a setting is too large", where=where, expected=f"at most {amount(most)}", got=amount(tree))
        case Mapping():
            for each in tree.values():
                _refuse_large_settings(each, most, where)
        case list() | tuple():
            for each in tree:
                _refuse_large_settings(each, most, where)


def _bytes(model: nn.ModuleDict) -> int:
    return sum(tensor.nbytes for tensor in [*model.parameters(), *model.buffers()])
