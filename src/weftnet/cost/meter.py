"""Counts what runs on the meta device: kernel calls, bytes saved for backward, bytes allocated – per node.

A dispatch mode sees every kernel call of the forward and backward pass. FLOPs are torch's own formulas
(`torch.utils.flop_counter`: a multiplication and an addition count two; norms and elementwise operations count none).
What a kernel holds besides its inputs and results comes from `scratch.py`, its kind and its bytes from
`kernel_call.py`; kernels that the meta device runs differently from a processor are replaced by `kernels.py`.
"""

import math
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, sdpa_backward_flop, sdpa_flop

from weftnet.cost.kernel_call import FLASH, KernelCall, kernel_call, tensors_in
from weftnet.cost.remembered import remembered
from weftnet.cost.scratch import scratch

_FORMULAS: dict[str, Callable[..., int]] = {
    **{packet.__name__: formula for packet, formula in flop_registry.items() if hasattr(packet, "overloads")},
    FLASH: sdpa_flop,
    f"{FLASH}_backward": sdpa_backward_flop,
}
_OUT_OF_PLACE = torch.ops.aten.index_put.default
_FREE = ("empty", "new_empty", "_unsafe_view", "lift_fresh", "detach", "is_same_size", "_local_scalar_dense")


def _conv_backward(gradient: Tensor, x: Tensor, weight: Tensor, *rest: Any, out_val: Any = None, **_: Any) -> int:
    """FLOPs of a convolution's backward pass; torch's formula treats a grouped convolution as a full one."""
    transposed, wanted = rest[4], rest[7]
    pixels = x.shape[0] * math.prod((x if transposed else gradient).shape[2:])
    return 2 * pixels * weight.numel() * (int(wanted[0]) + int(wanted[1]))


_FORMULAS["convolution_backward"] = _conv_backward


class Meter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """What ran, by node.

    Args:
        known: tensors that exist from the start (parameters, buffers, inputs).
        unsaved: those that cost nothing to save, as they stay in any case (parameters, buffers).
    """

    def __init__(self, known: Iterator[Tensor], unsaved: Iterator[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.node = ""
        self.backward = False
        self.calls: dict[tuple[str, bool], Counter[KernelCall]] = {}
        self.saved: Counter[str] = Counter()
        self.alive = self.peak = 0
        self._times = 1
        self._repeated: list[tuple[int, weakref.ref[Any], int]] = []
        self._living: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._kept = {_key(tensor) for tensor in unsaved}
        for tensor in known:
            self._born(tensor)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is _OUT_OF_PLACE and self.backward:  # without a mode, torch's backward writes into the zeros it made
            func = torch.ops.aten.index_put_.default
        result = remembered(func, args, kwargs or {})
        tensors = list(tensors_in(result))
        for tensor in tensors:
            self._born(tensor)
        name = func._overloadpacket.__name__
        self.hold(scratch(name, args, tensors))
        if not func.is_view and not name.startswith(_FREE):
            formula = _FORMULAS.get(name)
            flops = formula(*args, **(kwargs or {}), out_val=result) if formula else 0
            self.note(kernel_call(name, args, flops, tensors))
        return result

    def note(self, call: KernelCall) -> None:
        """Count a kernel call for the node that is running."""
        self.calls.setdefault((self.node, self.backward), Counter())[call] += self._times

    def hold(self, bytes: int) -> None:
        """Count bytes that are allocated for a moment, on top of everything else."""
        self.peak = max(self.peak, self.alive + bytes)

    def repeat(self, times: int) -> None:
        """Count what runs from here on so many times; what is allocated counts once until `settle`."""
        self._times = times

    def settle(self) -> None:
        """Of what was allocated in repetition, count what is still there so many times."""
        for key, born, times in self._repeated:
            living, size = self._living.get(key, (None, 0))
            if living is born:
                self._living[key] = born, size * times
                self.alive += size * (times - 1)
        self._repeated.clear()
        self.hold(0)

    @contextmanager
    def at(self, node: str) -> Iterator[None]:
        """Attribute what runs inside to the node."""
        before, self.node = self.node, node
        try:
            yield
        finally:
            self.node = before

    def save(self, tensor: Tensor) -> Tensor:
        """Count a tensor that autograd saves; a storage counts once, parameters don't count."""
        key = _key(tensor)
        if key not in self._kept:
            self._kept.add(key)
            self.saved[self.node] += tensor.untyped_storage().nbytes() * self._times
        return tensor

    def _born(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if tensor.device.type != "meta" or (key in self._living and self._living[key][0]() is not None):
            return
        born = weakref.ref(storage, lambda _: self._dies(key))
        self._living[key] = born, size
        if self._times > 1:
            self._repeated.append((key, born, self._times))
        self.alive += size
        self.peak = max(self.peak, self.alive)

    def _dies(self, key: int) -> None:
        self.alive -= self._living.pop(key, (None, 0))[1]
        if not self.backward:
            self._kept.discard(key)  # a new storage may have the same address


def _key(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
