"""What a kernel call is counted as: its kind, and what its time grows with.

    operations    FLOPs of products, with channels and columns in whole blocks of oneDNN, as it computes them; values
                  times the window of a pool; values of all else
    moved         bytes read and written; of a table only the rows that are looked up
    pieces        what is begun anew: matrices of a batch, rows of a norm or a softmax, time steps, images, looked-up
                  rows, results of a sum; elsewhere runs of values that lie side by side in every operand
    fresh         bytes of results so large that the system hands their pages out anew each time (`base/heap.py`)
    shape         sizes that say more than those: rows and columns of products, channels, window, pixels of convolutions

A kernel that reads turned or broadcast values makes as many short loops as there are runs; one that finds no two values
side by side takes one after another, and is a kind by itself (`_scattered`), as are products of turned matrices and
convolutions whose input needs no gradient (`_first`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from weftnet.base.heap import LARGEST
from weftnet.cost.scratch import rounded

FLASH = "_scaled_dot_product_flash_attention_for_cpu"
#: kind → operations; any other operation is a kind by itself
_KINDS = {
    "gemm": "mm addmm",
    "bmm": "bmm baddbmm",
    "attention": FLASH,
    "max_pool": "max_pool2d_with_indices",
    "avg_pool": "avg_pool2d _adaptive_avg_pool2d",
    "batch_norm": "native_batch_norm",
    "layer_norm": "native_layer_norm _fused_rms_norm",
    "group_norm": "native_group_norm",
    "softmax": "_softmax _safe_softmax _log_softmax",
    "table": "embedding embedding_dense",
    "gather": "index_select gather index index_put scatter_add",
    "random": "bernoulli_ native_dropout uniform_ normal_ rand_like randn_like",
    "sum": "sum mean",
    "extreme": "amax amin max min cumsum cummax argmax prod",
    "truth": "all any",
    "copy": "copy_ clone _to_copy cat stack constant_pad_nd roll flip repeat",
    "mask": "masked_fill masked_fill_",
    "fill": "fill zero zeros zeros_like ones ones_like new_zeros full",
    "move": "add sub rsub mul div neg abs maximum minimum",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}
#: channels that lie whole pages apart, 32×32 pixels say, meet in the same lines of a cache: measured, up to 8 × slower
_PAGE = 4096
_BY_ROWS = ("layer_norm", "softmax")
_REDUCING = ("sum", "extreme", "truth", "var_mean")
_LOOKED_UP = ("table", "gather")
#: kernels that copy values which don't lie as they read them, or take another way for them
_LAID_OUT = ("max_pool", "avg_pool", "layer_norm", "softmax", "batch_norm", "group_norm", "sum", "extreme", "random")


@dataclass(frozen=True)
class Work:
    """One kind of kernel call.

    Args:
        kind: what its price goes by; backward kernels end in _backward.
        flops: multiplications and additions.
        moved: bytes read and written.
        operations: what it computes.
        pieces: what it begins anew.
        fresh: bytes of results on pages that the system hands out anew.
        shape: sizes that its time goes by; none where the counts above say all.
    """

    kind: str
    flops: int
    moved: int
    operations: int
    pieces: int
    fresh: int = 0
    shape: tuple[int, ...] = ()


#: another look at the same values: nothing is computed, but the call takes its time
VIEW = Work("view", 0, 0, 0, 0)


def work_of(name: str, args: Sequence[Any], flops: int, given: list[Tensor], results: list[Tensor]) -> Work:
    """A kernel call as it is counted.

    Args:
        name: of the operation.
        args: what it was called with.
        flops: of its products.
        given: the tensors among them.
        results: what it gave.
    """
    backward = "_backward" in name
    stem = name.replace("_backward_data", "").replace("_backward", "")
    kind = _KIND_OF.get(stem) or _KIND_OF.get(stem.removesuffix("_")) or stem.removesuffix("_")
    moved = sum(map(bytes_of, given)) + sum(map(bytes_of, results))
    operations, pieces = (results[0].numel() if results else 0), 1
    fresh = sum(size for size in map(bytes_of, results) if size >= LARGEST)
    shape: tuple[int, ...] = ()
    if stem == "convolution":
        kind, operations, pieces, shape = _convolution(args, backward)
    elif kind in ("gemm", "bmm"):
        columns = results[0].shape[-1]
        operations = flops // max(columns, 1) * whole(columns)
        pieces = results[0].shape[0]
        kind, shape = _product(kind, *given[-2:])
    elif kind == "attention":
        query, key = (args[1], args[2]) if backward else (args[0], args[1])
        operations, pieces = flops // query.shape[-1] * whole(query.shape[-1]), math.prod(query.shape[:2])
        moved += 4 * pieces * query.shape[2] * key.shape[2]  # scores, whose exponentials are computed
        shape = pieces, query.shape[2], key.shape[2], query.shape[3]
    elif kind in ("max_pool", "avg_pool") and len(args) > 1:
        values = args[0] if backward else results[0]
        if stem == "_adaptive_avg_pool2d":
            operations = given[-1].numel()
        else:
            operations = values.numel() * math.prod(_pair(args[2] if backward else args[1]))
        pieces = math.prod(values.shape[:-1])
    elif kind in _REDUCING and results:
        axes = args[1] if len(args) > 1 and isinstance(args[1], list) else None
        last = axes is None or given[0].ndim - 1 in axes or -1 in axes
        kind = _narrow(kind, given[0]) if last else f"{kind}_across"
        operations, pieces = given[0].numel(), results[0].numel()
    elif kind in _BY_ROWS or kind.endswith("_norm"):
        operations = max(tensor.numel() for tensor in given)
        pieces = math.prod(given[0].shape[:-1]) if kind in _BY_ROWS else math.prod(given[0].shape[:2])
        if kind in _BY_ROWS:
            kind = _narrow(kind, given[0])
        elif given[0].ndim == 2:
            kind = f"{kind}_flat"
    elif kind in _LOOKED_UP:
        pieces = max((t.numel() for t in given if not t.is_floating_point()), default=1)
        rows = given[0] if backward else results[0]
        moved = 2 * bytes_of(rows) + (bytes_of(results[0]) if backward else 8 * pieces)
    elif results:
        pieces = _runs(results[0], given)
        kind = _by_values(kind, results[0], given, pieces)
    if kind in _LAID_OUT and not all(tensor.is_contiguous() for tensor in given):
        kind = f"{kind}_turned"
    kind = f"{kind}_backward" if backward else kind
    return Work(kind, flops, moved, operations, pieces, fresh=fresh, shape=shape)


def bytes_of(tensor: Tensor) -> int:
    """Bytes of the values a kernel touches; those of an expanded tensor lie there once."""
    return min(tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes())


def _product(kind: str, a: Tensor, b: Tensor) -> tuple[str, tuple[int, ...]]:
    """Kind by which of the matrices lie turned, and the sizes: matrices of a batch, rows, what is summed, columns."""
    turned = [min(each.shape[-2:]) > 1 and each.stride(-2) == 1 for each in (a, b)]
    return f"{kind}{'_left' * turned[0]}{'_right' * turned[1]}", (*a.shape, b.shape[-1])


def _by_values(kind: str, result: Tensor, given: list[Tensor], pieces: int) -> str:
    """A kernel that takes values one by one, or reads and writes several types."""
    if kind in ("move", "copy") and any(tensor.dtype != torch.float32 for tensor in (result, *given)):
        kind = f"{kind}_mixed"
    return f"{kind}_scattered" if pieces == result.numel() > 1 else kind


def _convolution(args: Sequence[Any], backward: bool) -> tuple[str, int, int, tuple[int, ...]]:
    """Kind, FLOPs with channels in whole blocks, images, and sizes."""
    first = False
    if backward:
        gradient, x, weight = args[:3]
        strides, transposed, groups, wanted = args[4], args[7], args[9], args[10]
        times, first = int(wanted[0]) + int(wanted[1]), not wanted[0]
        pixels = (x if transposed else gradient).shape
    else:
        x, weight = args[:2]
        strides, transposed, groups, times, pixels = args[3], args[6], args[8], 1, None
    outer, inner, *window = weight.shape
    if groups > 1:
        kind = "conv_depthwise" if inner == 1 and outer == groups else "conv_grouped"
        products = outer * inner
    else:
        kind = "conv_transposed" if transposed else "conv"
        products = outer * inner
        if not transposed:
            products = rounded(outer) * (rounded(inner) if backward or inner >= rounded(1) else inner)
    if pixels is None:
        pixels = x.shape if transposed else (x.shape[0], outer, *_reduced(x, args))
    if any(4 * math.prod(sides) % _PAGE == 0 for sides in (x.shape[2:], pixels[2:])):
        kind = f"{kind}_aliased"
    kind = f"{kind}_first" if first else kind
    count = x.shape[0] * math.prod(pixels[2:])
    shape = *x.shape[:2], outer, math.prod(window), math.prod(pixels[2:]), math.prod(strides), groups
    return kind, 2 * times * count * products * math.prod(window), x.shape[0], shape


def _reduced(x: Tensor, args: Sequence[Any]) -> list[int]:
    """The image's sides after a convolution."""
    weight, strides, paddings, dilations = args[1], args[3], args[4], args[5]
    return [
        (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
        for side, kernel, stride, padding, dilation in zip(
            x.shape[2:], weight.shape[2:], strides, paddings, dilations, strict=False
        )
    ]


def _narrow(kind: str, x: Tensor) -> str:
    """Rows that don't fill a vector register take another way."""
    return f"{kind}_narrow" if x.ndim and x.shape[-1] < 16 else kind


def whole(columns: int) -> int:
    """Columns in whole vector registers of 16 float32 values, as kernels of products compute them."""
    return -(-columns // 16) * 16


def _pair(window: Any) -> Sequence[int]:
    return window if isinstance(window, list | tuple) else (window, window)


def _runs(result: Tensor, given: list[Tensor]) -> int:
    """How many stretches of the result are computed from values that lie evenly in every operand."""
    shape = result.shape
    tensors = [result, *(tensor for tensor in given if 0 < tensor.ndim <= result.ndim)]
    strides = [_strides(tensor, shape) for tensor in tensors]
    if any(each is None for each in strides):
        return 1
    axes = [axis for axis in range(len(shape)) if shape[axis] > 1]
    axes.sort(key=lambda axis: result.stride(axis))
    inner = 1
    for number, axis in enumerate(axes):
        if number and any(each[axis] != each[axes[0]] * inner for each in strides if each is not None):
            break
        inner *= shape[axis]
    if axes and any(each[axes[0]] > 1 for each in strides if each is not None):
        return result.numel()  # every value by itself
    return result.numel() // max(inner, 1)


def _strides(tensor: Tensor, shape: Sequence[int]) -> list[int] | None:
    """Its strides on the axes of a shape that it is broadcast to; None where it is not."""
    missing = len(shape) - tensor.ndim
    found = [0] * missing
    for size, stride, wanted in zip(tensor.shape, tensor.stride(), shape[missing:], strict=True):
        if size not in (1, wanted):
            return None
        found.append(stride if size > 1 else 0)
    return found
