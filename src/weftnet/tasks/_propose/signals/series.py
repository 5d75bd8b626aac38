"""For series: a single value over very many steps is taken for a wave."""

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._propose.signals.wave import statistics as of_wave
from weftnet.tasks._propose.signals.wave import wave
from weftnet.tasks._propose.steps import step_by_step

#: A single value over at least this many steps (23 frames of sound) is taken for a wave.
WAVE = 4000


def series(signal: Signal) -> list[Candidate]:
    """For a single value over very many steps the networks for sound, for others those that read step by step."""
    return wave(signal) if _long(signal) else step_by_step(signal)


def statistics(signal: Signal) -> list[Node]:
    """What each value is like over time."""
    return of_wave(signal) if _long(signal) else [Block("statistics_pool")]


def _long(signal: Signal) -> bool:
    """Whether it is taken for a wave."""
    return signal.size("dim") == 1 and signal.size("time") >= WAVE


def example() -> str:
    """A small signal."""
    return "series:24x3"
