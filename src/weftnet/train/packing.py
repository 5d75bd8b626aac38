"""An optimiser's state ⇄ tensors by name and plain JSON, so that it can be saved without pickle.

A tensor becomes {"$tensor": name}, a tuple {"$tuple": […]}, a mapping with keys other than
text {"$items": [[key, value]]}.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from weftnet.errors import RunError


def pack(tree: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """The JSON form of nested mappings, lists and tuples; the tensors are put into `tensors` under `name.…`."""
    match tree:
        case Tensor():
            tensors[name] = tree
            return {"$tensor": name}
        case Mapping() if all(isinstance(key, str) for key in tree):
            return {key: pack(value, f"{name}.{key}", tensors) for key, value in tree.items()}
        case Mapping():
            return {"$items": [[key, pack(value, f"{name}.{key}", tensors)] for key, value in tree.items()]}
        case tuple():
            return {"$tuple": [pack(value, f"{name}.{i}", tensors) for i, value in enumerate(tree)]}
        case list():
            return [pack(value, f"{name}.{i}", tensors) for i, value in enumerate(tree)]
        case None | bool() | int() | float() | str():
            return tree
    raise RunError(f"{type(tree).__name__} can't be saved", where=name, expected="tensors, numbers, text")


def named_in(tree: Any) -> Iterator[str]:
    """The names of the tensors in what was packed."""
    match tree:
        case {"$tensor": str(name)}:
            yield name
        case Mapping():
            for value in tree.values():
                yield from named_in(value)
        case list():
            for value in tree:
                yield from named_in(value)


def unpack(tree: Any, tensors: Mapping[str, Tensor]) -> Any:
    """What was packed; every tensor is a copy."""
    match tree:
        case {"$tensor": name}:
            return tensors[name].clone(memory_format=torch.preserve_format)
        case {"$items": items}:
            return {key: unpack(value, tensors) for key, value in items}
        case {"$tuple": values}:
            return tuple(unpack(value, tensors) for value in values)
        case dict():
            return {key: unpack(value, tensors) for key, value in tree.items()}
        case list():
            return [unpack(value, tensors) for value in tree]
    return tree
