"""The clock of a training: how long it has taken, and what is due again after some seconds."""

import time


class Interval:
    """Something that is done every so many seconds.

    Args:
        seconds: from one time to the next.
        now: when it was last done.
    """

    def __init__(self, seconds: float, now: float) -> None:
        self.seconds, self.last = seconds, now

    def due(self, now: float) -> bool:
        """Whether it is time to do it again."""
        return now - self.last >= self.seconds


class Clock:
    """The time of a training, which may have been interrupted and resumed.

    Args:
        seconds: that it took before it was resumed.
        between_checkpoints: seconds from one checkpoint to the next.
    """

    def __init__(self, seconds: float, between_checkpoints: float) -> None:
        self.before = seconds
        self.began = self.now = now = time.perf_counter()
        self.reading = Interval(0.25, now)
        """Of losses, which waits for the device."""
        self.history = Interval(1.0, now)
        """Of writing the history, which waits for the disk."""
        self.checkpoint = Interval(between_checkpoints, now)

    def tick(self) -> float:
        """Read the time, once a step: `now` until the next tick."""
        self.now = now = time.perf_counter()
        return now

    @property
    def running(self) -> float:
        """Seconds from the start, or from where the training was resumed, to the last tick."""
        return self.now - self.began

    @property
    def trained(self) -> float:
        """Seconds of the whole training up to the last tick."""
        return self.before + self.running

    @property
    def seconds(self) -> float:
        """Seconds of the whole training up to this moment."""
        return self.before + time.perf_counter() - self.began
