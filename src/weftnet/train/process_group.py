"""The process group of the workers: joined before a training, left when Python exits."""

import atexit
import gc
import importlib
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed import PrefixStore  # type: ignore[attr-defined]  # torch doesn't export it for type checkers
from torch.distributed.rendezvous import rendezvous

from weftnet.train.worker import is_worker, restarts

#: How long a worker waits for the others: the leader may be writing a large checkpoint.
TIMEOUT = timedelta(minutes=30)

_background: list[Any] = []


def join_group(device: str) -> None:
    """Join the group of this process and the others of its launcher; without a launcher, a group of one.

    Args:
        device: to train on, as `own_device` gives it.
    """
    # its functions take the default group of the moment it is imported as a default argument, and would keep it alive
    importlib.import_module("torch.distributed.nn.functional")
    backend = "gloo"
    if device.startswith("cuda"):
        backend = "cpu:gloo,cuda:nccl"
        torch.cuda.set_device(device)  # which torch seeds, and on which NCCL waits
    if is_worker():
        store, rank, size = next(rendezvous("env://", timeout=TIMEOUT))
        # the launcher's store outlives a group; restarted workers must not read where the members before them were
        store = PrefixStore(f"start{restarts()}", store)
    else:
        store, rank, size = dist.HashStore(), 0, 1  # type: ignore[attr-defined]
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=TIMEOUT)
    atexit.register(_leave)


def background_group() -> Any:
    """A second group, for what runs in the background of the training; made once, by all workers."""
    if not _background:
        _background.append(dist.new_group(backend="gloo"))
    return _background[0]


def _leave() -> None:
    """End the groups' threads: one that drops a last tensor while the interpreter shuts down would abort the process.

    They end with the last reference to their group; trained models hold such references, in cycles.
    """
    dist.destroy_process_group()
    _background.clear()
    gc.collect()
