"""Networks that read a sequence of vectors step by step; a long one is shortened first."""

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.tasks._propose.candidate import Candidate, adamw, after, light, plain, rich

#: The most steps for recurrence and attention; longer series are shortened by strided convolutions.
STEPS = 256


def step_by_step(signal: Signal) -> list[Candidate]:
    """Convolutions, recurrence, attention."""
    short = shortened(signal.size("time"))
    cnn = plain("series_cnn", {"widths": [64, 128, 64]}, adamw(4e-3), "convolutions along time, a strong baseline")
    lstm = plain("series_lstm", {}, adamw(4e-3, clip=1.0), "reads step by step and remembers")
    attention = plain("series_transformer", {}, adamw(2e-3, clip=1.0), "every step attends to every other")
    return [light(cnn), rich(after(short, lstm)), after(short, attention)]


def shortened(time: int) -> list[Node]:
    """Strided convolutions until a series has at most STEPS steps."""
    nodes: list[Node] = []
    while time > STEPS:
        nodes += [Block("conv1d", {"dim": 64, "kernel": 9, "stride": 4}), Block("batch_norm"), Block("relu")]
        time = -(-time // 4)
    return nodes
