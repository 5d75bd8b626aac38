"""Which team this process belongs to, and joining it."""

import torch.distributed as dist

from weftnet.train.parallel import Workers
from weftnet.train.process_group import join_group
from weftnet.train.team import ALONE, Team
from weftnet.train.worker import is_worker


def current_team(device: str, shard: bool = False) -> Team:
    """The team this process belongs to: the workers its launcher started, or itself alone.

    Args:
        device: to train on, as `own_device` gives it.
        shard: whether each worker keeps a shard of the weights.
    """
    if not is_worker() and not shard:
        return ALONE
    team: type[Workers] = Workers
    if shard:
        from weftnet.train.sharding import Sharded  # here, as it takes a second to import

        team = Sharded
    if not dist.is_initialized():
        join_group(device)
    return team()
