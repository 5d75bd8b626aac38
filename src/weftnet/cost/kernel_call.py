"""A kernel call as it is counted: its kind, its floating-point operations, the bytes it reads and writes.

FLOPs are those of products alone; a multiplication and an addition count two. Of a table only the rows that are looked
up are read.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

FLASH = "_scaled_dot_product_flash_attention_for_cpu"
ELEMENTWISE, PRODUCT = "elementwise", "product"
#: kind → operations, without `_backward`; any other operation is elementwise
_KINDS = {
    PRODUCT: "mm addmm bmm baddbmm",
    "convolution": "convolution",
    "attention": FLASH,
    "pool": "max_pool2d_with_indices avg_pool2d _adaptive_avg_pool2d",
    "batch_norm": "native_batch_norm native_group_norm",
    "layer_norm": "native_layer_norm _fused_rms_norm",
    "softmax": "_softmax _safe_softmax _log_softmax",
    "lookup": "embedding embedding_dense index_select gather index index_put scatter_add",
    "random": "bernoulli_ native_dropout uniform_ normal_ rand randn rand_like randn_like",
    "function": "gelu tanh sigmoid silu elu softplus mish hardswish log_sigmoid exp log sin cos pow sqrt rsqrt",
}  # fmt: skip
#: kinds that have FLOPs
COMPUTING = (PRODUCT, "convolution", "depthwise", "attention", "lstm")
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}


@dataclass(frozen=True)
class KernelCall:
    """One kind of kernel call.

    Args:
        kind: what its rate goes by.
        flops: multiplications and additions.
        bytes: read and written.
    """

    kind: str
    flops: int
    bytes: int


def kernel_call(name: str, args: Sequence[Any], flops: int, results: Sequence[Tensor]) -> KernelCall:
    """A call of an operation.

    Args:
        name: of the operation.
        args: its arguments.
        flops: of its products.
        results: the tensors it returns.
    """
    tensors = list(tensors_in(args))
    backward = "_backward" in name
    stem = name.replace("_backward_data", "").replace("_backward", "")
    kind = _KIND_OF.get(stem) or _KIND_OF.get(stem.removesuffix("_"), ELEMENTWISE)
    if kind == "convolution" and args[9 if backward else 8] > 1:  # groups
        kind = "depthwise"
    if kind == "lookup":
        rows = tensors[0] if backward else results[0]
        indices = sum(bytes_of(tensor) for tensor in tensors if not tensor.is_floating_point())
        return KernelCall(kind, flops, 2 * bytes_of(rows) + indices)
    return KernelCall(kind, flops, sum(map(bytes_of, (*tensors, *results))))


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors in nested lists, tuples and mappings."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)


def bytes_of(tensor: Tensor) -> int:
    """Bytes of the values a kernel touches; those of an expanded tensor lie there once."""
    return min(math.prod(tensor.shape) * tensor.element_size(), tensor.untyped_storage().nbytes())
