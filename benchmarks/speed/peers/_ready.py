"""Arrays as weftnet data, in their stored order; a batch is an `index_select`, as in weftnet's own."""

from collections.abc import Callable, Iterator

import torch
from _job import Job
from torch import Tensor

from weftnet.architecture.signal import parse
from weftnet.data.batch import Batch
from weftnet.data.data import Data


class Ready(Data):
    """The job's training examples; `hook` is called for every requested batch."""

    def __init__(self, job: Job, hook: Callable[[], None] = lambda: None) -> None:
        arrays = job.arrays
        self.x, self.y = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"])
        self.name = self.source = self.fingerprint = job.network
        self.signals, self.target, self.notes, self.hook = {"x": parse(job.signal)}, None, [], hook
        self.sizes = {"train": len(self.x), "validation": 0, "test": 0}

    def rows(self, split: str) -> Tensor:
        return torch.arange(self.sizes[split])

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        self.hook()
        place = step % self.steps_per_epoch(batch_size)
        rows = torch.arange(place * batch_size, (place + 1) * batch_size)
        return Batch({"x": self.x.index_select(0, rows)}, {}, {"next": self.y.index_select(0, rows)}, rows)

    def batches(self, split: str, batch_size: int) -> Iterator[Batch]:
        return iter(())

    def encode(self, raw: object) -> Batch:
        raise NotImplementedError("the arrays are encoded")

    def state(self) -> dict:
        return {}
