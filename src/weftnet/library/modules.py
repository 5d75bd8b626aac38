"""A module of torch as a block: any `nn.Module`, with or without annotations, takes part in an architecture.

    name = block_of(MyNet())        the block `my_net`: each network that has it gets a copy, with the module's weights

Its shapes are found by a trial run, its own class is what the network holds, and its weights are what a training starts
from. The block is known in this process under the class's name in snake case, and replaces one that was given before.
A run keeps the name, and no code: it is loaded again where the module is given again.
"""

import copy
import copyreg
from collections.abc import Collection, Mapping
from typing import Any, cast

import torch
from torch import nn
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]  # no public name

from weftnet.blocks import BLOCKS
from weftnet.data.keys import free
from weftnet.errors import SettingError
from weftnet.plugins import give, snake_case

#: the last layer of a module → the block that ends a network in the same way
_ENDS = {
    "Linear": "dense", "LazyLinear": "dense", "LogSoftmax": "dense", "Softmax": "softmax", "Sigmoid": "sigmoid",
    "Tanh": "tanh", "ReLU": "relu",
}  # fmt: skip


def block_of(module: nn.Module, taken: Collection[str] = ()) -> str:
    """The name of the block that stands for a module.

    Args:
        module: one's own.
        taken: names that may not be replaced.

    Raises:
        SettingError: its parameters don't exist yet.
    """
    where = type(module).__name__
    if is_lazy(module):
        fix = "pass one batch through the module first; weftnet.fit does so"
        raise SettingError("a lazy layer has no weights yet", where=where, fix=fix)
    name = snake_case(where).strip("_") or "module"
    own = {each for each in BLOCKS if BLOCKS.plugin(each) != where}
    name = free(name if name not in own else f"own_{name}", {*own, *taken})
    give("block", name, _given(module), where)
    return name


def is_lazy(module: nn.Module) -> bool:
    """Whether a layer waits for its first input to know its size."""
    return any(isinstance(each, UninitializedTensorMixin) for each in (*module.parameters(), *module.buffers()))


def with_sizes(module: nn.Module, inputs: Mapping[str, torch.Tensor], seed: int) -> nn.Module:
    """A copy whose lazy layers have the sizes that inputs give them, and weights by a seed; the module stays as it is.

    Args:
        module: with lazy layers.
        inputs: of a batch, by name; a lone one is passed by its place.
        seed: of the weights; torch's own state stays.
    """
    made = copy.deepcopy(module)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        before = made.training
        made.eval()  # no statistics of the trial, no dropout
        made(*inputs.values()) if len(inputs) == 1 else made(**inputs)
    return made.train(before)


def given_again(modules: Mapping[str, nn.Module]) -> None:
    """Register modules under the names that their blocks had, for a run that was trained with them.

    Raises:
        SettingError: a name is that of another block.
    """
    for name, module in modules.items():
        give("block", name, _given(module), type(module).__name__)


class _Given(type):
    """The class of such classes: one is pickled as its module, which is the user's."""

    kept: nn.Module


def _given(module: nn.Module) -> type[nn.Module]:
    """A class whose instances are copies of the module."""
    base, kept = type(module), copy.deepcopy(module)

    def new(cls: type) -> nn.Module:
        made = copy.deepcopy(kept)
        return made.to(torch.get_default_device()).train()

    def init(self: Any) -> None:
        """Takes no settings."""

    ends = _ENDS.get(type([*module.modules()][-1]).__name__)
    members = {"__new__": new, "__init__": init, "__doc__": base.__doc__, "__module__": __name__, "kept": kept}
    made: Any = _Given(base.__name__, (base,), members | ({"ends_in": ends} if ends else {}))
    return cast(type[nn.Module], made)


def _pickled(cls: Any) -> Any:
    return _given, (cls.kept,)


copyreg.pickle(_Given, _pickled)
