"""What a run's files may ask for, before anything of that size is made.

An architecture is a few lines that can ask for terabytes. A run's weights say how large its network is, and their
file's length is checked; so the network is first built on the meta device, where sizes cost nothing, and its tensors
are held against those of the weights. Without weights (a training that begins anew) this machine's memory is the bound.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Chain, to_dict
from weftnet.base import tensors
from weftnet.base.units import amount, size
from weftnet.compose import build, resolve
from weftnet.errors import ArchitectureError, DamagedCheckpoint, RunError
from weftnet.tasks._task import Task

#: a setting may always be as large as this: a kernel, a number of layers, a length of pooling
_USUAL = 2**16
#: bytes of buffers that are no weights: tables of positions, filters
_TABLES = 2**30


def refuse_other_sizes(
    architecture: Architecture, inputs: Mapping[str, Mapping[str, Signal]], task: Task, weights: Path
) -> None:
    """Refuse an architecture whose network is not the one the weights belong to, or doesn't give what the task reads.

    Raises:
        RunError: a name or a shape differs, or the network can't be built.
        DamagedCheckpoint: the weights are no whole file.
    """
    found = tensors.shapes(weights)
    most = max([_USUAL, *map(_numel, found.values()), *(s.numel for part in inputs.values() for s in part.values())])
    _refuse_large_settings(to_dict(architecture), most, str(weights.with_name("architecture.yaml")))
    model = _on_meta(architecture, inputs, str(weights.parent))
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    for name in sorted(wanted.keys() ^ found.keys()):
        what = "are missing" if name in wanted else "belong to no block"
        raise RunError(f"the weights don't fit the model: those of {name} {what}", where=str(weights))
    for name, shape in wanted.items():
        if shape != found[name]:
            what = f"the weights don't fit the model: {name} has another shape"
            raise RunError(what, where=str(weights), expected=str(shape), got=str(found[name]))
    _refuse_other_answers(model, task, str(weights.with_name("architecture.yaml")))
    tables = _bytes(model) - sum(tensor.nbytes for tensor in model.state_dict().values())
    if tables > _TABLES:
        where = str(weights.with_name("architecture.yaml"))
        raise RunError("asks for too large tables", where=where, expected=f"at most {size(_TABLES)}", got=size(tables))


def refuse_too_large(architecture: Architecture, inputs: Mapping[str, Mapping[str, Signal]], where: str) -> None:
    """Refuse an architecture whose weights alone this machine's memory can't hold.

    Raises:
        RunError: it can't, or the network can't be built.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    _refuse_large_settings(to_dict(architecture), memory, where)
    if (needed := _bytes(_on_meta(architecture, inputs, where))) > memory:
        raise RunError(
            "is too large for this machine", where=where, expected=f"at most {size(memory)}", got=size(needed)
        )


def _refuse_other_answers(model: nn.ModuleDict, task: Task, where: str) -> None:
    """A complete network needs no head, or one that would change no shape."""
    for part, network in model.items():
        gives = getattr(network, "gives", None)
        if not isinstance(gives, Signal):
            continue
        try:
            head = tuple(task.head(part, gives, None))
            becomes = resolve(Chain(head), {"x": gives}, part).output if head else gives
        except ArchitectureError as error:
            raise RunError(f"the network doesn't give what the task reads: {error}", where=where) from error
        if becomes.sizes != gives.sizes:
            what = "the network doesn't give what the task reads"
            raise RunError(what, where=f"{where}: {part}", expected=str(becomes), got=str(gives))


def _on_meta(architecture: Architecture, inputs: Mapping[str, Mapping[str, Signal]], where: str) -> nn.ModuleDict:
    try:
        with torch.device("meta"):
            return build(architecture, inputs)
    except KeyError as error:
        raise DamagedCheckpoint(f"has no part {error} that the task knows", where=where) from error
    except (RuntimeError, TypeError, ValueError, OverflowError, AssertionError, MemoryError) as error:
        # torch's own refusals: sizes that overflow, divisors that are zero
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise RunError(f"the network can't be built: {text}", where=where) from error


def _refuse_large_settings(tree: Any, most: int, where: str) -> None:
    """No setting of a network is larger than the number of its weights, or of its input's values."""
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


def _numel(shape: tuple[int, ...]) -> int:
    count = 1
    for each in shape:
        count *= each
    return count


def _bytes(model: nn.ModuleDict) -> int:
    return sum(tensor.nbytes for tensor in [*model.parameters(), *model.buffers()])
