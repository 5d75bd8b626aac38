"""What torch's CPU kernels allocate while they run, besides their inputs and results.

The meta device shows inputs and results alone. The rest was read off torch's own record of allocations (torch 2.13),
as it is documented nowhere:

Convolutions run in oneDNN, which stores channels in blocks of n = 16 (AVX-512) or 8 (AVX2) and copies tensors in any
other layout. With X, Y, W the bytes of input, output and weight, and a bar for the same in whole blocks of channels:

    forward                 max(X̄ + W̄ + Ȳ, Ȳ + Y)                 no X̄ below n channels: they are read in place
    backward, to input      max(Ȳ + W̄ + X̄, X̄ + X)               X̄ + 2 X where there are strides
    backward, to weights    X + Ȳ + X̄ + W̄                         where X is the gradient just computed; no X̄ below 8
    transposed              forward max(X + W, Y), 2 Y where there are strides; backward as above, roles swapped

Convolutions too small for it (one example of at most 20480 values; 1×1 for fewer than 16 examples on one thread) unfold
their windows instead, except 1×1. An input that is not contiguous is copied first, by either.

Elementwise kernels that read several dtypes, and sums over booleans, convert to the result's dtype first. A batch norm
allocates its gradient twice, and upsampling an image goes through channels_last and back.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

_SMALL = 20480
_MIXING = ("mul", "add", "sub", "div", "pow", "maximum", "minimum")
_SUMMING = ("sum", "mean", "prod", "cumsum")


def scratch(name: str, args: Sequence[Any], results: Sequence[Tensor]) -> int:
    """Bytes allocated at a kernel's worst moment besides its inputs and results.

    Args:
        name: of the operation.
        args: its arguments.
        results: the tensors it returns.
    """
    if name == "convolution":
        return _convolution(args, results[0])
    if name == "convolution_backward":
        return _convolution_backward(args)
    if name == "native_batch_norm_backward":
        return _bytes(args[1]) if args[9][0] and args[0].is_contiguous() and args[1].is_contiguous() else 0
    if name == "upsample_nearest2d":
        return _bytes(args[0]) + _bytes(results[0])
    stem = name.removesuffix("_")
    if stem in _MIXING:
        return sum(_size(t.numel(), results[0]) for t in args[:2] if _other(t, results[0]))
    if stem in _SUMMING:
        return _size(args[0].numel(), results[0]) if _other(args[0], results[0]) else 0
    return 0


def _convolution(args: Sequence[Any], y: Tensor) -> int:
    x, weight, _, _, _, _, transposed, _, groups = args[:9]
    copied = 0 if x.is_contiguous() else _bytes(x)
    if not _by_onednn(x, weight, args):
        return copied + _unfolded(x, weight, y)
    out = _bytes(y)
    if transposed:
        return copied + max(_bytes(x) + _bytes(weight), out + out * _strided(args[3]))
    blocks_x, blocks_y, blocks_w = _blocked(x, groups), _blocked(y, groups), _blocked_weight(weight, groups)
    if x.shape[1] < _block() and _wide(weight):
        blocks_x = 0
    return copied + max(blocks_x + blocks_w + blocks_y - out, blocks_y)


def _convolution_backward(args: Sequence[Any]) -> int:
    gradient, x, weight = args[:3]
    transposed, groups, wanted = args[7], args[9], args[10]
    copied = sum(0 if tensor.is_contiguous() else _bytes(tensor) for tensor in (gradient, x))
    if not _by_onednn(x, weight, args[1:]):
        return copied + _unfolded(x, weight, gradient)
    inner, outer = (gradient, x) if transposed else (x, gradient)
    blocks_in, blocks_out, blocks_w = _blocked(inner, groups), _blocked(outer, groups), _blocked_weight(weight, groups)
    to_input = _bytes(x) if wanted[0] else 0
    few = inner.shape[1] // groups
    if transposed:
        first = max((blocks_in if few >= _block() else 0) + blocks_w + blocks_out, blocks_out + _bytes(x))
    else:
        first = max(blocks_out + blocks_w + blocks_in, blocks_in + _bytes(x) * (1 + _strided(args[4])))
    read = 0 if few < 8 and _wide(weight) and groups == 1 else _bytes(inner) if inner.shape[1] == 8 else blocks_in
    second = to_input + read + blocks_out + blocks_w
    results = to_input + (_bytes(weight) if wanted[1] else 0)
    return copied + max((first if wanted[0] else 0), (second if wanted[1] else 0), results) - results


def _by_onednn(x: Tensor, weight: Tensor, args: Sequence[Any]) -> bool:
    """Whether torch runs this convolution in oneDNN (`use_mkldnn` in its Convolution.cpp)."""
    strides, dilations, groups = args[3], args[5], args[-1] if isinstance(args[-1], int) else args[8]
    if not _block():
        return False
    plain = all(each == 1 for each in (*strides, *dilations)) and x.shape[0] < 16
    if plain and not _wide(weight) and groups == 1 and torch.get_num_threads() == 1:
        return False
    large_kernel = min(weight.shape[-2:]) > 3
    return groups > 1 or large_kernel or x.shape[0] > 1 or x.numel() > _SMALL


def _unfolded(x: Tensor, weight: Tensor, y: Tensor) -> int:
    """Bytes of the unfolded windows; a 1×1 convolution is a product without unfolding."""
    if not _wide(weight):
        return 0
    return x.element_size() * x.shape[0] * math.prod(weight.shape[1:]) * math.prod(y.shape[2:])


def _strided(strides: Sequence[int]) -> bool:
    return any(each > 1 for each in strides)


def _wide(weight: Tensor) -> bool:
    return math.prod(weight.shape[2:]) > 1


def _blocked(x: Tensor, groups: int) -> int:
    """Bytes of values whose channels fill whole blocks; groups of other sizes are stored as they are."""
    channels, block = x.shape[1], _block()
    if groups > 1 and groups != channels and channels // groups % block:
        return _bytes(x)
    return _bytes(x) // channels * _rounded(channels) if channels else 0


def _blocked_weight(weight: Tensor, groups: int) -> int:
    if groups > 1:
        return _bytes(weight)
    outer, inner, *window = weight.shape
    return weight.element_size() * _rounded(outer) * (_rounded(inner) if inner > 4 else inner) * math.prod(window)


def _rounded(channels: int) -> int:
    """Channels rounded up to whole blocks of oneDNN; unchanged where torch has no oneDNN."""
    block = _block() or 1
    return -(-channels // block) * block


@cache
def _block() -> int:
    """Channels in a block of oneDNN on this processor; 0 where torch has no oneDNN."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return 0
    capability = torch.backends.cpu.get_cpu_capability()
    return 16 if capability.startswith("AVX512") else 8


def _other(value: Any, result: Tensor) -> bool:
    """Whether a kernel converts the value before it computes."""
    return isinstance(value, Tensor) and value.ndim > 0 and value.dtype != result.dtype


def _size(values: int, like: Tensor) -> int:
    return values * like.element_size()


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
