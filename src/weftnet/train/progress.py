"""What a training tells while it runs: a small protocol, and the silence of those who don't listen."""

from collections.abc import Mapping
from typing import Any, Protocol


class Progress(Protocol):
    """Is told how a training goes, at most four times a second."""

    def start(self, step: int, steps: int) -> None:
        """Training goes on from `step` of `steps`."""

    def update(self, step: int, losses: Mapping[str, float], rate: float) -> None:
        """`step` steps are done; the latest losses by group; examples per second."""

    def evaluated(self, line: Mapping[str, Any]) -> None:
        """A line of the history was written."""

    def note(self, text: str) -> None:
        """Something a person should know."""

    def close(self) -> None:
        """No more will come."""


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
