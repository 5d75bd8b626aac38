"""What the workers of a training send each other in a step, computed before it runs; and what scaling that allows.

    replicated (DDP)   2 · (N − 1)/N · G        a ring's all-reduce of the gradients: scattered, then gathered
    sharded (FSDP2)    3 · (N − 1)/N · G        weights gathered forwards and backwards, gradients scattered

bytes that each of N workers sends (and receives) in a step; G are the bytes of all gradients, once a backward pass.
The sum stays below 2 G or 3 G however many workers there are. Batch norms add 4 · features + 1 values a layer, twice
over, which is little. Source: Patarasuk & Yuan, Bandwidth optimal all-reduce algorithms, 2009; Rajbhandari and others,
ZeRO, 2020, https://arxiv.org/abs/1910.02054, section 7.

    t_N ≈ c / N + max(0, bytes / bandwidth − hidden · c / N),     speed-up = c / t_N

with c the seconds of a step that one worker computes alone; `hidden` is the share of them behind which messages travel:
the backward pass, some two thirds.
"""

from torch import nn

#: Share of a step in which gradients travel while others are computed.
HIDDEN = 2 / 3


def gradient_bytes(model: nn.Module) -> int:
    """Bytes of all gradients; each weight counts once, wherever it is used."""
    return sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)


def volume(gradients: float, workers: int, shard: bool = False) -> float:
    """Bytes that a worker sends in a step.

    Args:
        gradients: bytes of all gradients.
        workers: N.
        shard: whether each keeps a share of the weights.
    """
    return (3 if shard else 2) * (workers - 1) / workers * gradients


def speed_up(seconds: float, gradients: float, workers: int, bandwidth: float, shard: bool = False) -> float:
    """How many times faster N workers take a step of the same batch.

    Args:
        seconds: of the step on one worker.
        gradients: bytes of all gradients.
        workers: N.
        bandwidth: bytes a second that a worker sends.
        shard: whether each keeps a share of the weights.
    """
    own = seconds / workers
    return seconds / (own + max(0.0, volume(gradients, workers, shard) / bandwidth - HIDDEN * own))
