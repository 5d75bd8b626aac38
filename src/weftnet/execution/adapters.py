"""Low-rank adapters (LoRA, DoRA): a small product beside a weight that stays as it is.

    LoRA    W' = W + α/r · B A                                 A: (r, dim_in), B: (dim, r); B starts at zero
    DoRA    W' = m · (W + α/r · B A) / ‖W + α/r · B A‖         norms of rows, one magnitude m for each

A kernel (channels, channels_in, …) counts as the matrix of its rows, a transposed one (channels_in, channels, …) as
that of its channels. So A is a kernel of r channels, and B a convolution of 1×1 behind it. Dense layers and
convolutions compute W x and B (A x), never B A; recurrent layers, transposed and grouped convolutions, and whoever else
reads the weight, get W' itself. DoRA's norms are computed in low rank too, from ‖W‖², W Aᵀ and A Aᵀ, and take no
gradient (as in the paper's section 4.3). At the start m is ‖W‖, so that the first outputs are the layer's own, to the
bit.

Sources: E. Hu and others, LoRA: Low-Rank Adaptation of Large Language Models, 2021, https://arxiv.org/abs/2106.09685;
S. Liu and others, DoRA: Weight-Decomposed Low-Rank Adaptation, 2024, https://arxiv.org/abs/2402.09353.
As `peft`, whose A has torch's initial values of a dense layer too. Differs: recurrent layers and transposed
convolutions can be adapted, and DoRA's norms need no matrix of the weight's size.
Cost: r · (dim_in + dim) parameters, and for each position 2 · r · (dim_in + dim) FLOPs.
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: the name of the module that holds a layer's adapters
ADAPTERS = "adapters"
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


class Adapter(nn.Module):
    """What is added to a weight.

    Args:
        weight: as it is at the start.
        rank: r.
        scale: α/r.
        magnitude: whether rows have a magnitude of their own, as in DoRA.
        transposed: whether the weight's second axis is that of the outputs.
    """

    def __init__(
        self, weight: Tensor, rank: int, scale: float, magnitude: bool = False, transposed: bool = False
    ) -> None:
        super().__init__()
        self.scale, self.transposed = scale, transposed
        rows = weight.transpose(0, 1) if transposed else weight
        self.A = nn.Parameter(weight.new_zeros(rank, *rows.shape[1:]))
        self.B = nn.Parameter(weight.new_zeros(len(rows), rank))
        self.magnitude = nn.Parameter(self.norm(weight.detach())) if magnitude else None

    @torch.no_grad()
    def draw(self, generator: torch.Generator) -> None:
        """Random values of A, uniform within ±1/√dim_in."""
        bound = 1 / math.sqrt(self.A[0].numel())
        values = torch.empty(self.A.shape).uniform_(-bound, bound, generator=generator)
        self.A.copy_(values)

    def forward(self, weight: Tensor) -> Tensor:
        """W', in the weight's shape."""
        low = self.scale * (self.B @ self.A.flatten(1))
        rows = weight.transpose(0, 1) if self.transposed else weight
        whole = rows + low.view(rows.shape)
        if self.magnitude is not None:
            whole = whole * (self.magnitude / self.norm(weight)).view(-1, *[1] * (rows.dim() - 1))
        return whole.transpose(0, 1) if self.transposed else whole

    def added(self, y: Tensor, low: Tensor, weight: Tensor, bias: Tensor | None, axis: int) -> Tensor:
        """The layer's output y = W x + b with the adapter's.

        Args:
            y: of the layer alone.
            low: B (A x).
            weight, bias: of the layer.
            axis: of the outputs.
        """
        if self.magnitude is None:
            return y + self.scale * low
        along = [1] * y.dim()
        along[axis] = -1
        ratio = (self.magnitude / self.norm(weight)).view(along)
        plain = y if bias is None else y - bias.view(along)
        return y + (ratio - 1) * plain + ratio * (self.scale * low)

    @torch.no_grad()
    def norm(self, weight: Tensor) -> Tensor:
        """‖W + s B A‖ of each row: √(‖w‖² + 2 s b·(A w) + s² b·(A Aᵀ) b)."""
        rows = (weight.transpose(0, 1) if self.transposed else weight).flatten(1)
        A = self.A.flatten(1)
        mixed = 2 * self.scale * (rows @ A.T) + self.scale**2 * (self.B @ (A @ A.T))
        return (rows.square().sum(1) + (self.B * mixed).sum(1)).clamp(min=0).sqrt()


class _Adapted(nn.Module):
    """A layer with adapters, by the names of the weights that they are for."""

    adapters: nn.ModuleDict

    def whole(self, name: str) -> Any:
        """A weight as it is with its adapter."""
        own = self._parameters[name]
        return self.adapters[name](own) if name in self.adapters else own


class _OneWeight(_Adapted):
    """One whose only matrix is `weight`: whoever reads that gets W'."""

    bias: Tensor | None

    @property
    def weight(self) -> Any:
        """W'."""
        return self.whole("weight")

    @property
    def pair(self) -> tuple[Any, Adapter]:
        """W, and its adapter."""
        adapter = self.adapters["weight"]
        assert isinstance(adapter, Adapter)
        return self._parameters["weight"], adapter


class Linear(_OneWeight, nn.Linear):  # type: ignore[override]  # its weight is no parameter, but W'
    """A dense layer with an adapter; the name is torch's, as names of optimiser parameters contain it."""

    def forward(self, x: Tensor) -> Tensor:
        """x: (…, dim_in) → W x + b + s B (A x): (…, dim)."""
        weight, adapter = self.pair
        low = F.linear(F.linear(x, adapter.A), adapter.B)
        return adapter.added(F.linear(x, weight, self.bias), low, weight, self.bias, -1)


class _Convolution(_OneWeight):
    """A convolution with an adapter."""

    groups: int
    _conv_forward: Any

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, channels_in, …) → (batch, channels, …)."""
        weight, adapter = self.pair
        if self.groups > 1:
            whole: Tensor = self._conv_forward(x, adapter(weight), self.bias)
            return whole
        y, low = self._conv_forward(x, weight, self.bias), self._conv_forward(x, adapter.A, None)
        by_one = adapter.B.view(*adapter.B.shape, *[1] * (weight.dim() - 2))
        return adapter.added(y, _POINTWISE[weight.dim()](low, by_one), weight, self.bias, 1)


_POINTWISE: dict[int, Any] = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}


class Conv1d(_Convolution, nn.Conv1d):  # type: ignore[override]
    """`nn.Conv1d` with an adapter."""


class Conv2d(_Convolution, nn.Conv2d):  # type: ignore[override]
    """`nn.Conv2d` with an adapter."""


class Conv3d(_Convolution, nn.Conv3d):  # type: ignore[override]
    """`nn.Conv3d` with an adapter."""


class ConvTranspose1d(_OneWeight, nn.ConvTranspose1d):  # type: ignore[override]
    """`nn.ConvTranspose1d` with an adapter."""


class ConvTranspose2d(_OneWeight, nn.ConvTranspose2d):  # type: ignore[override]
    """`nn.ConvTranspose2d` with an adapter."""


class ConvTranspose3d(_OneWeight, nn.ConvTranspose3d):  # type: ignore[override]
    """`nn.ConvTranspose3d` with an adapter."""


class _Recurrent(_Adapted):
    """A recurrent layer with adapters: torch's kernels get W'."""

    _flat_weights_names: list[str]
    _all_weights: list[list[str]]

    @property
    def _flat_weights(self) -> Any:
        return [self.whole(name) for name in self._flat_weights_names]

    @_flat_weights.setter
    def _flat_weights(self, value: Any) -> None:
        """Nothing: torch sets the list when a weight changes."""

    @property
    def all_weights(self) -> Any:
        """The weights by layer and direction."""
        return [[self.whole(name) for name in names] for names in self._all_weights]


class RNN(_Recurrent, nn.RNN):
    """`nn.RNN` with adapters."""


class GRU(_Recurrent, nn.GRU):
    """`nn.GRU` with adapters."""


class LSTM(_Recurrent, nn.LSTM):
    """`nn.LSTM` with adapters."""


#: layers as torch has them → with adapters
_CLASSES: dict[type[nn.Module], type[nn.Module]] = {
    nn.Linear: Linear, nn.Conv1d: Conv1d, nn.Conv2d: Conv2d, nn.Conv3d: Conv3d, nn.RNN: RNN, nn.GRU: GRU,
    nn.LSTM: LSTM, nn.ConvTranspose1d: ConvTranspose1d, nn.ConvTranspose2d: ConvTranspose2d,
    nn.ConvTranspose3d: ConvTranspose3d,
}  # fmt: skip
_PLAIN = {adapted: plain for plain, adapted in _CLASSES.items()}


def matrices(layer: nn.Module) -> list[str]:
    """The names of a layer's weights that can have an adapter; of a transposed one in groups none is one matrix."""
    if type(layer) not in _CLASSES or (isinstance(layer, _TRANSPOSED) and layer.groups > 1):
        return []
    return [name for name, weight in layer.named_parameters(recurse=False) if weight.dim() > 1]


def size(layer: nn.Module, name: str, rank: int, magnitude: bool) -> int:
    """How many values the adapter of a weight has."""
    weight = layer.get_parameter(name)
    transposed = type(layer) in _TRANSPOSED
    rows = weight.shape[int(transposed)]
    return rank * (weight.numel() // rows + rows) + magnitude * rows


def attach(layer: nn.Module, name: str, rank: int, scale: float, magnitude: bool = False) -> Adapter:
    """Give a weight of a layer an adapter that adds nothing yet; the layer keeps its place and its tensors.

    Raises:
        ValueError: the layer or the weight can't have one.
    """
    if isinstance(layer, tuple(_PLAIN)):
        known: Any = layer.adapters
    elif name in matrices(layer):
        known = nn.ModuleDict()
    else:
        raise ValueError(
            f"{type(layer).__name__}: {name}: expected a weight of a dense, convolutional or recurrent layer"
        )
    weight = layer._parameters[name]
    assert weight is not None  # it is among the named
    known[name] = adapter = Adapter(weight, rank, scale, magnitude, isinstance(layer, _TRANSPOSED))
    if type(layer) in _CLASSES:
        layer.add_module(ADAPTERS, known)
        layer.__class__ = _CLASSES[type(layer)]
    return adapter


def adapted(model: nn.Module) -> Iterator[tuple[str, nn.Module, str, Adapter]]:
    """(path, layer, name of the weight, adapter) of every adapter."""
    for path, layer in model.named_modules():
        if type(layer) in _PLAIN:
            known: Any = layer.adapters
            for name, adapter in known.items():
                yield path, layer, name, adapter


@torch.no_grad()
def merge(model: nn.Module) -> None:
    """Put every adapter into its weight: layers are torch's again, and compute the same."""
    for _, layer, name, adapter in list(adapted(model)):
        weight = layer._parameters[name]
        assert weight is not None  # the adapter is for it
        weight.copy_(adapter(weight))
    for layer in [each for each in model.modules() if type(each) in _PLAIN]:
        del layer._modules[ADAPTERS]
        layer.__class__ = _PLAIN[type(layer)]
        if isinstance(layer, nn.RNNBase):
            layer._init_flat_weights()
