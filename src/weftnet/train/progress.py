"""What a training reports while it runs: a small protocol, and an implementation that shows nothing."""

from collections.abc import Mapping
from typing import Any, Protocol


class Progress(Protocol):
    """Is notified of a training's progress, at most four times a second."""

    def start(self, step: int, steps: int) -> None:
        """The training starts or continues from `step` of `steps`."""

    def update(self, step: int, losses: Mapping[str, float], rate: float) -> None:
        """`step` steps are done; the latest losses by group; examples per second."""

    def evaluated(self, line: Mapping[str, Any]) -> None:
        """An evaluation is done: its line of the history."""

    def note(self, text: str) -> None:
        """Something a person should know."""

    def close(self) -> None:
        """The training is over."""


class Quiet:
    """Shows nothing."""

    def start(self, step: int, steps: int) -> None:
        """Nothing."""

    def update(self, step: int, losses: Mapping[str, float], rate: float) -> None:
        """Nothing."""

    def evaluated(self, line: Mapping[str, Any]) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""
