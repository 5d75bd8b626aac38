"""The first run of a block, on the meta device: what it gives for its flows, and what becomes of the mask."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)

from weftnet.architecture.schema import FACTS, Schema
from weftnet.base.limits import lifted, limit
from weftnet.compose.flow import Bound, Flow
from weftnet.compose.one_step import AllReal, OneStep
from weftnet.errors import WeftnetError


def tried(form: Schema, bound: Bound, settings: Mapping[str, Any]) -> tuple[Any, Tensor | None]:
    """The output of a new block and its mask, on meta; without annotations also by values, if meta does not do."""
    try:
        with torch.device("meta"), few_layers():
            module = form.cls(**settings)
        with OneStep(), AllReal():
            return call(module, form, bound)
    except Exception as error:
        if not form.plain or isinstance(error, LayersExceeded):
            raise
    real = {name: (port, flow.real()) for name, (port, flow) in bound.items()}
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        value, mask = call(form.cls(**settings), form, real)
    meta = torch.device("meta")
    return (value.to(meta) if isinstance(value, Tensor) else value), None if mask is None else mask.to(meta)


class LayersExceeded(WeftnetError):
    """A block makes more layers than are allowed. No fix is searched: each trial would make as many."""


@contextmanager
def few_layers() -> Iterator[None]:
    """Count the modules and parameters that one block makes here; stop beyond the limit.

    A setting of ten digits can ask for more layers than time is for, whatever the setting is called.

    Raises:
        LayersExceeded: there are more.
    """
    most, thread, made = limit("layers"), threading.get_ident(), 0

    def count(*_: object) -> None:
        nonlocal made
        made += threading.get_ident() == thread
        if made > most:
            raise LayersExceeded(f"makes more than {most} modules and parameters; {lifted('layers')}")

    with ExitStack() as stack:
        for register in (register_module_parameter_registration_hook, register_module_module_registration_hook):
            stack.callback(register(count).remove)
        yield


def call(module: nn.Module, form: Schema, bound: Bound) -> tuple[Any, Tensor | None]:
    """Run a block on its flows: the output and its mask."""
    arguments: dict[str, Tensor] = {name: flow.value for name, (_, flow) in bound.items()}
    for name, (_, flow) in bound.items():
        if flow.mask is not None and form.mask_of(name) in form.masks:
            arguments[form.mask_of(name)] = flow.mask
    value = module(**arguments)
    first, main = first_of(bound), value[0] if form.several and isinstance(value, tuple) else value
    if first.mask is None or not isinstance(main, Tensor):
        return value, None
    match form.fate(first.signal, main.shape[1:]):
        case "keeps":
            return value, first.mask
        case "moves" if hasattr(module, "next_mask"):
            return value, module.next_mask(first.mask)  # type: ignore[operator]  # a method of the block
    return value, None


def facts(form: Schema, settings: Mapping[str, Any]) -> dict[str, int]:
    """What the settings say of the integers that a block makes of numbers: their vocabulary, say."""
    return {fact: settings.get(fact, form.settings[fact].default) for fact in FACTS if fact in form.settings}


def first_of(bound: Bound) -> Flow:
    """The flow of the first argument."""
    return next(iter(bound.values()))[1]
