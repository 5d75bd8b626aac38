"""Networks that read a sequence of vectors step by step; a long one is shortened first."""

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.tasks._propose.candidate import Candidate, adamw, after, formed, light, plain, rich

#: The most steps for recurrence and attention; longer series are shortened by strided convolutions.
STEPS = 256
#: The same in the cheaper forms of networks.
FEWER = (64, 16)


def step_by_step(signal: Signal) -> list[Candidate]:
    """Convolutions, recurrence, attention."""
    return formed(_within(signal, STEPS), ((_within(signal, most), f"in at most {most} steps") for most in FEWER))


def _within(signal: Signal, most: int) -> list[Candidate]:
    """The networks that read so many steps at most; convolutions read them all in their usual form."""
    short = shortened(signal.size("time"), most)
    cnn = plain("series_cnn", {"widths": [64, 128, 64]}, adamw(4e-3), "convolutions along time, a strong baseline")
    lstm = plain("series_lstm", {}, adamw(4e-3, clip=1.0), "reads step by step and remembers")
    attention = plain("series_transformer", {}, adamw(2e-3, clip=1.0), "every step attends to every other")
    return [light(after(short if most < STEPS else [], cnn)), rich(after(short, lstm)), after(short, attention)]


def shortened(time: int, most: int = STEPS, dim: int = 64) -> list[Node]:
    """Strided convolutions, so wide, until a series has at most so many steps."""
    nodes: list[Node] = []
    while time > most:
        nodes += [Block("conv1d", {"dim": dim, "kernel": 9, "stride": 4}), Block("batch_norm"), Block("relu")]
        time = -(-time // 4)
    return nodes
