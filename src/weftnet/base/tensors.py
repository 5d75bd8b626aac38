"""Named tensors ⇄ one safetensors file, no pickle: ties and memory layouts survive.

safetensors refuses tensors that share memory and knows only row-major layout. So a tied tensor is written once, and its
other names are listed in the header (`ties`); a tensor in another layout (channels_last) is written with its axes in
memory order, which the header lists too (`orders`).

The same tensors give the same bytes: safetensors sorts them by type and name, but writes a header's entries in an order
that differs from one process to the next; so there is a single one, `weftnet`, whose JSON is sorted.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from weftnet.base.files import replace
from weftnet.base.foreign import reading
from weftnet.base.typed import misfit
from weftnet.errors import DamagedCheckpoint, RunError

#: the entry of the header; files of earlier versions have an entry each for ties and orders
_ENTRY = "weftnet"
#: most bytes of a header: about a hundred thousand tensors
_HEADER = 16 * 2**20


def save(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors to a file, whole or not at all.

    Raises:
        RunError: the disk is full or the folder can't be written.
    """
    replace(path, lambda new: write(new, tensors))


def write(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors to a file that nobody reads yet.

    Raises:
        RunError: the disk is full or the folder can't be written.
    """
    first: dict[tuple[Any, ...], str] = {}
    storages: set[int] = set()
    kept: dict[str, Tensor] = {}
    ties: dict[str, str] = {}
    orders: dict[str, list[int]] = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach()
        place = (tensor.device, tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype)
        if tensor.numel() and place in first:
            ties[name] = first[place]
            continue
        first[place] = name
        if not tensor.is_contiguous():
            strides = tensor.stride()
            orders[name] = [axis for _, axis in sorted((-stride, axis) for axis, stride in enumerate(strides))]
            tensor = tensor.permute(orders[name])
        # A tensor that shares its memory with another, or is a view of a larger one, is copied.
        storage = tensor.untyped_storage()
        is_alone = tensor.is_contiguous() and storage.nbytes() == tensor.nbytes and storage.data_ptr() not in storages
        storages.add(storage.data_ptr())
        kept[name] = tensor if is_alone else tensor.clone(memory_format=torch.contiguous_format)
    header = {_ENTRY: json.dumps({"orders": orders, "ties": ties}, sort_keys=True)}

    try:
        save_file(kept, path, metadata=header)
        path.chmod(0o644)  # safetensors makes it unreadable for others
    except SafetensorError as error:
        raise RunError(f"can't be written: {error}", where=str(path)) from error


def load(path: Path, device: str = "cpu") -> dict[str, Tensor]:
    """The tensors of a file, in the layouts they had; tied ones are one tensor under several names.

    Raises:
        RunError: the file is missing.
        DamagedCheckpoint: it is not what `save` writes.
    """
    with _reading(path):
        with safe_open(path, framework="pt", device=device) as file:
            ties, orders = _header(file)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
        for name, order in orders.items():
            tensors[name] = tensors[name].permute(_back(order))
        return tensors | {name: tensors[first] for name, first in ties.items()}


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of a file's tensors by name, from its header alone; safetensors compares it with the file's size.

    Raises:
        RunError: the file is missing.
        DamagedCheckpoint: it is not what `save` writes.
    """
    with _reading(path):
        with safe_open(path, framework="pt") as file:
            ties, orders = _header(file)
            sizes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        for name, order in orders.items():
            sizes[name] = tuple(sizes[name][axis] for axis in _back(order))
        return sizes | {name: sizes[first] for name, first in ties.items()}


def _header(file: Any) -> tuple[dict[str, str], dict[str, list[int]]]:
    """The ties and the orders."""
    written = file.metadata() or {}
    each = (_ENTRY,) if _ENTRY in written else ("ties", "orders")
    read = {name: json.loads(written[name]) for name in each if name in written}
    told = read.get(_ENTRY, read)
    if wrong := misfit(told, dict[str, Any]):
        raise ValueError(f"its header lacks {wrong}")
    ties, orders = told.get("ties", {}), told.get("orders", {})
    if wrong := misfit(ties, dict[str, str]) or misfit(orders, dict[str, list[int]]):
        raise ValueError(f"its header lacks {wrong}")
    return ties, orders


def _back(order: list[int]) -> list[int]:
    """The permutation that undoes `order`."""
    back = sorted(range(len(order)), key=order.__getitem__)
    if sorted(order) != list(range(len(order))):
        raise ValueError(f"{order} is no permutation of the axes")
    return back


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """The gate of these files, after a look at the header's length, which the parser would believe."""
    if not path.is_file():
        raise RunError("is missing", where=str(path))
    with reading(path, "is no intact safetensors file", error=DamagedCheckpoint):
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
        if length > _HEADER:
            raise ValueError(f"its header claims {length} bytes, of at most {_HEADER}")
        yield
