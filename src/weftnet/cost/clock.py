"""Times kernels where they run: every call of an operation in a real pass, with what it is counted as.

In a network a kernel finds its values and its code where the kernels before it left them; called again and again by
itself it finds them in the caches. So kernels are timed among others (`calibrate.py`).
"""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from weftnet.cost.kernels import lstm_work
from weftnet.cost.meter import counted
from weftnet.cost.work import VIEW, Work

_LSTM = "mkldnn_rnn_layer"


class Clock(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The kernel calls of what runs inside, and the seconds of each.

    Args:
        device: that they run on.
    """

    def __init__(self, device: torch.device) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[tuple[Work, float]] = []
        self._wait, self._now = watch(device)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        began = self._now()
        result = func(*args, **kwargs)
        self._wait()
        seconds = self._now() - began
        name = func._overloadpacket.__name__
        if name.startswith(_LSTM):  # input, two weights, two biases, first state
            work: Work | None = lstm_work(args[0], args[5], backward=name != _LSTM)
        else:
            work = counted(func, args, kwargs, result)
        if work is not None and work is not VIEW:
            self.calls.append((work, seconds))
        return result


def watch(device: torch.device) -> tuple[Callable[[], None], Callable[[], float]]:
    """What waits for a device, and its clock: of one thread the processor's time, which does not count waiting."""
    wait: Callable[[], None] = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    alone = device.type == "cpu" and torch.get_num_threads() == 1
    return wait, time.thread_time if alone else time.perf_counter
