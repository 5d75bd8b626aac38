"""Episodes: training batches of a few classes with as many examples of each, from which a task learns to learn.

    per class      n = batch_size / ways examples, or all of a class that has fewer
    ways           classes of an episode: as many as a setting says, or as batch_size / least allows; all of fewer
    episode t      classes and their examples in an order drawn from (seed, t), class by class

Source: O. Vinyals and others, Matching networks for one shot learning, 2016, https://arxiv.org/abs/1606.04080.
All else is that of the data they are drawn from: splits are evaluated row by row.
"""

from dataclasses import replace

import numpy as np
import torch

from weftnet.data.arranged import Arranged
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.order import permutation
from weftnet.data.rows import RowData
from weftnet.errors import DataError


def in_episodes(data: Data, least: int, ways: int | None = None) -> Data:
    """The data with training batches that are episodes, unless they are so already; see `Episodes`."""
    return data if isinstance(data, Episodes) else Episodes(data, least, ways)


class Episodes(Arranged):
    """Data whose training batches are episodes.

    Args:
        data: rows with a class each.
        least: examples that a class needs to take part, 2 or more.
        ways: classes of an episode; None for as many as a batch holds.

    Raises:
        SettingError: the data are not made of independent rows.
        DataError: fewer than two classes have enough examples.
    """

    def __init__(self, data: Data, least: int, ways: int | None = None) -> None:
        super().__init__(data, "episodes")
        self.least, self.ways = least, ways
        target = torch.cat(list(data.targets("train", 4096))).cpu().numpy()
        rows = data.rows("train").cpu().numpy()
        self.members = [own for label in np.unique(target) if len(own := rows[target == label]) >= least]
        if len(self.members) < 2:
            what, got = "fewer than two classes have enough training examples for an episode", f"{len(self.members)}"
            raise DataError(what, where=data.source, expected=f"two classes with {least} each", got=got)

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """Episode `step`: a pure function of the arguments."""
        ways = min(self.ways or max(batch_size // self.least, 2), len(self.members))
        each = max(batch_size // ways, self.least)
        rows = []
        for number in permutation(len(self.members), "episode", seed, step)[:ways]:
            own = self.members[number]
            rows.append(own[permutation(len(own), "examples", seed, step, int(number))[:each]])
        drawn = torch.from_numpy(np.concatenate(rows)).to(self.data.rows("train").device)
        return replace(self.data.take(drawn), epoch=step // self.steps_per_epoch(batch_size))

    def of(self, data: RowData) -> "Episodes":
        """Episodes of other rows."""
        return Episodes(data, self.least, self.ways)
