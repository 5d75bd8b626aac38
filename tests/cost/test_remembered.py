"""What is remembered of an operation on meta is what torch gives, however often it is asked."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from weftnet.cost import remembered as module
from weftnet.cost.remembered import remembered

aten = torch.ops.aten


def empty(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


CALLS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "new": lambda: (aten.mm.default, empty(3, 4), empty(4, 5)),
    "strides": lambda: (aten.add.Tensor, empty(4, 3).t(), empty(4, 3).t()),
    "expanded": lambda: (aten.mul.Tensor, empty(3, 1).expand(3, 6), empty(3, 6)),
    "an integer": lambda: (aten.mul.Tensor, empty(3, dtype=torch.int64), 1),
    "a number": lambda: (aten.mul.Tensor, empty(3, dtype=torch.int64), 1.0),
    "a truth value": lambda: (aten.mul.Tensor, empty(3, dtype=torch.bool), True),
    "in place": lambda: (aten.add_.Tensor, empty(3, 4), empty(4)),
    "several": lambda: (aten.native_layer_norm.default, empty(2, 3, 4), [4], empty(4), empty(4), 1e-5),
    "a list": lambda: (aten.cat.default, [empty(2, 3), empty(5, 3)]),
    "a view": lambda: (aten.view.default, empty(2, 3), [6]),
    "the same memory": lambda: (aten._unsafe_view.default, empty(2, 3), [6]),
    "resized": lambda: (aten.resize_.default, empty(2, 3), [2, 2]),
    "values": lambda: (aten.add.Tensor, torch.ones(3), torch.ones(3)),
}


def looks(result: Any, args: Any) -> list[Any]:
    """Shape, strides, dtype, bytes; which argument it is, or whose memory it has."""
    tensors = [each for each in args if isinstance(each, Tensor)]
    return [
        (each.shape, each.stride(), each.dtype, each.device, each.untyped_storage().nbytes(),
         [each is other for other in tensors],
         [each.untyped_storage()._cdata == other.untyped_storage()._cdata for other in tensors])
        for each in ([result] if isinstance(result, Tensor) else result)
    ]  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_it_is_what_torch_gives(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_known", {})
    func, *args = CALLS[name]()
    expected = func(*args)
    want = looks(expected, args)
    for _ in range(3):
        func, *args = CALLS[name]()
        got = remembered(func, args, {})
        assert isinstance(got, Tensor) == isinstance(expected, Tensor)
        assert looks(got, args) == want


def test_a_kernel_runs_once_for_all_like_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_known", {})
    runs: list[Any] = []

    def counted(*args: Any) -> Tensor:
        runs.append(args)
        return aten.add.Tensor(*args)

    counted.is_view = False  # type: ignore[attr-defined]
    for shape in ((2, 3), (2, 3), (3, 2), (2, 3)):
        assert remembered(counted, [empty(*shape), 1], {}).shape == shape
    assert len(runs) == 2
