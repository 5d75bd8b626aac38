"""What solvers share: the last layer with weights, as a problem of its own.

    z = W f + b          f the layer's input and z its output, at one place of an example: a row
    y = P z + c          the network's output; what follows the layer only reorders, and adds what needs no W and b

A layer with weights of its own for every feature of a series poses as many problems.

Where a task's outputs estimate the mean of its target (link `identity`), z should be Pᵀ(t − c): Pᵀ P = 1, so the least
squares between y and t are those between z and that. Where outputs are logits, y has to be z.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weftnet.blocks.series._own_linear import OwnLinear
from weftnet.data.batch import Batch, at_once
from weftnet.data.data import Data
from weftnet.data.outputs import chosen
from weftnet.errors import SettingError
from weftnet.tasks._task import Task

#: a layer that can be solved for
Solvable: TypeAlias = nn.Linear | nn.Conv2d | OwnLinear


@dataclass(frozen=True)
class Problem:
    """The last layer with weights, or one of its groups, and what it should give.

    Args:
        weight: (outputs, features), the layer's own.
        bias: (outputs,), the layer's own.
        inputs: (rows, features).
        targets: (rows, outputs); where the link is `softmax`, (rows,) numbers of classes.
        examples: (rows,) the number of the example that a row is of, ascending.
    """

    weight: Tensor
    bias: Tensor
    inputs: Tensor
    targets: Tensor
    examples: Tensor

    @property
    def outputs(self) -> int:
        """Values that the layer gives for a row."""
        return len(self.weight)

    @torch.no_grad()
    def put(self, weight: Tensor, bias: Tensor) -> None:
        """Set W (outputs, features) and b (outputs)."""
        self.weight.copy_(weight)
        self.bias.copy_(bias)


def problem(model: nn.ModuleDict, task: Task, data: Data) -> Problem:
    """The only problem that a network poses on the training split.

    Raises:
        SettingError: as for `problems`, or there are several.
    """
    posed = problems(model, task, data)
    if len(posed) > 1:
        what = "the last layer has weights of its own for every feature"
        raise SettingError(what, where="solver", expected="the same for all", got=f"{len(posed)} groups")
    return posed[0]


def problems(model: nn.ModuleDict, task: Task, data: Data) -> list[Problem]:
    """The problems that a network poses on the training split.

    Args:
        model: on the CPU; blocks before the last layer have learnt what they learn from data.
        task: that has a link.
        data: whose training split is read.

    Raises:
        SettingError: there is no link, or no last layer that can be solved for.
    """
    if not task.link:
        what = "the task's outputs are not the mean of its target"
        raise SettingError(what, where="solver", expected="a task with a link", got=type(task).__name__)
    layer, logits = _last_layer(model.eval().requires_grad_(False)), task.link != "identity"
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    count = 0
    with _channels_last(model):
        for batch in data.batches("train", at_once(data.signals)):
            if not count:
                _check(model, task, batch, layer, logits)
            rows, z, outputs, target = _passed(model, task, batch, layer)
            if logits:
                target = target.unsqueeze(0)
            else:
                residual = target.to(outputs.dtype).reshape(outputs.shape) - outputs
                target = _by_row(layer, _back(outputs, z, residual))
            numbers = count + torch.arange(batch.size)
            found.append((rows, target, numbers.repeat_interleave(rows.shape[1] // batch.size)))
            count += batch.size
    rows, targets = (torch.cat([each[part] for each in found], 1) for part in (0, 1))
    examples = torch.cat([each[2] for each in found])
    assert layer.bias is not None  # `_last_layer` refuses others
    weights = layer.weight if isinstance(layer, OwnLinear) else layer.weight.flatten(1).unsqueeze(0)
    own = zip(weights, layer.bias.reshape(len(weights), -1), rows, targets, strict=True)
    return [Problem(*each, examples) for each in own]


def features(model: nn.ModuleDict, data: Data, split: str) -> tuple[nn.Linear, Tensor]:
    """The last layer of a network, and what it reads of a split: (rows, features).

    Raises:
        SettingError: the network does not end in a dense layer that is used once for each example.
    """
    layer, seen, sizes = _last_layer(model.eval()), list[Tensor](), list[int]()
    handle = layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        with torch.no_grad(), _channels_last(model):
            for batch in data.batches(split, at_once(data.signals)):
                model["network"](batch.inputs, batch.masks)
                sizes.append(batch.size)
    finally:
        handle.remove()
    if not isinstance(layer, nn.Linear) or [len(x) for x in seen if x.dim() == 2] != sizes:
        what, expected = "the network does not end in a dense layer of a vector", "one vector for each example"
        raise SettingError(what, where="solver", expected=expected, got=type(layer).__name__)
    return layer, torch.cat(seen)


@contextmanager
def _channels_last(model: nn.ModuleDict) -> Iterator[None]:
    """Image convolutions with the channels last in memory, a layout that each hands on to the next.

    EfficientNet-Lite0 reads 150 pictures of 96×96 a CPU second so, instead of 102 (one core of a busy Xeon). It is
    not measured whether it is faster here: solved again, the weights have to be the same.
    """
    filters = [each for each in model.parameters() if each.dim() == 4]
    for each in filters:
        each.data = each.data.contiguous(memory_format=torch.channels_last)
    try:
        yield
    finally:
        for each in filters:
            each.data = each.data.contiguous()


def _last_layer(model: nn.ModuleDict) -> Solvable:
    """The last module with parameters.

    Raises:
        SettingError: it is neither a dense layer nor a convolution with a bias, or there is none.
    """
    owners = [module for module in model.modules() if next(module.parameters(recurse=False), None) is not None]
    last = owners[-1] if owners else None
    solvable = isinstance(last, nn.Linear) or (isinstance(last, nn.Conv2d) and last.groups == 1)
    if isinstance(last, OwnLinear):
        return last
    if isinstance(last, nn.Linear | nn.Conv2d) and solvable and last.bias is not None:
        return last
    raise SettingError(
        "the network does not end in a layer that can be solved for", where="solver",
        expected="a dense layer, or a convolution without groups, with a bias", got=type(last).__name__,
    )  # fmt: skip


def _passed(
    model: nn.ModuleDict, task: Task, batch: Batch, layer: Solvable, spread: float = 0.0
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A pass with values put in place of the layer's output.

    Args:
        model, task: of the training.
        batch: with targets.
        layer: whose input is read.
        spread: of the normal values that are put there.

    Returns:
        The rows of the layer's input, the values that were put, the network's outputs, the targets.

    Raises:
        SettingError: the layer is not called once.
    """
    seen: list[tuple[Tensor, Tensor]] = []

    def put(_: nn.Module, inputs: tuple[Tensor, ...], gives: Tensor) -> Tensor:
        values = torch.randn(gives.shape, generator=torch.Generator().manual_seed(0)) * spread
        seen.append((_unfolded(layer, inputs[0].detach()), values.requires_grad_()))
        return seen[-1][1]

    handle = layer.register_forward_hook(put)
    try:
        ((outputs, target),) = task.evidence(model, [batch])
    finally:
        handle.remove()
    if len(seen) != 1:
        what = "the last layer with weights is used more than once"
        raise SettingError(what, where="solver", expected="one place", got=str(len(seen)))
    return *seen[0], chosen(outputs), target


def _check(model: nn.ModuleDict, task: Task, batch: Batch, layer: Solvable, logits: bool) -> None:
    """Refuse what follows the layer, unless it only reorders; for logits, unless it is nothing.

    Raises:
        SettingError: it does more.
    """
    _, z, shifted, _ = _passed(model, task, batch, layer, spread=1.0)
    _, _, constant, _ = _passed(model, task, batch, layer)
    change = (shifted - constant).detach()
    same = change.shape == z.shape and torch.allclose(change.float(), z, atol=1e-4) and not bool(constant.any())
    if not (same if logits else torch.allclose(_back(shifted, z, change), z, atol=1e-4)):
        what = "the layers after the last one with weights change its output"
        expected = "nothing, as it gives logits" if logits else "reshaping, reordering and adding"
        raise SettingError(what, where="solver", expected=expected, fix="end the network in that layer")


def _back(outputs: Tensor, z: Tensor, values: Tensor) -> Tensor:
    """Pᵀ values, where the outputs are P z + c."""
    (back,) = torch.autograd.grad(outputs, z, values)
    return back


def _unfolded(layer: Solvable, x: Tensor) -> Tensor:
    """(groups, rows, features) what each output of the layer is a weighted sum of."""
    if isinstance(layer, OwnLinear):
        return x.transpose(0, 1)
    if isinstance(layer, nn.Linear):
        return x.reshape(1, -1, x.shape[-1])
    if isinstance(layer.padding, str):
        raise SettingError("a convolution whose padding has a name can't be solved for", where="solver")
    patches = F.unfold(x, layer.kernel_size, layer.dilation, layer.padding, layer.stride)
    return patches.mT.reshape(1, -1, patches.shape[1])


def _by_row(layer: Solvable, z: Tensor) -> Tensor:
    """(groups, rows, outputs) a value of the shape of the layer's output."""
    if isinstance(layer, OwnLinear):
        return z.transpose(0, 1)
    return (z if isinstance(layer, nn.Linear) else z.flatten(2).mT).reshape(1, -1, len(layer.weight))
