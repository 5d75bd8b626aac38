"""What a training shows while it runs: a small protocol, a bar for the terminal, and nothing."""

from collections.abc import Mapping
from typing import Any, Protocol


class Progress(Protocol):
    """Is told how a training goes, at most ten times a second."""

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


class Bar:
    """A bar with rate, loss and time left, and a line for every evaluation.

    Args:
        title: stands before the bar.
        lines: print the evaluations; with many short trainings they would bury the results.
    """

    def __init__(self, title: str = "", lines: bool = True) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        what = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._bar = RichProgress(*what, TextColumn("{task.fields[text]}"), TimeRemainingColumn(), transient=not lines)
        self._task = self._bar.add_task(title, total=None, text="")
        self._lines = lines

    def start(self, step: int, steps: int) -> None:
        """Show the bar."""
        self._bar.update(self._task, completed=step, total=steps)
        self._bar.start()

    def update(self, step: int, losses: Mapping[str, float], rate: float) -> None:
        """Move the bar."""
        text = "  ".join([f"{rate:,.0f}/s", *(f"{group} {loss:.4g}" for group, loss in losses.items())])
        self._bar.update(self._task, completed=step, text=text)

    def evaluated(self, line: Mapping[str, Any]) -> None:
        """Print the evaluation above the bar."""
        if not self._lines:
            return
        metrics = {**{f"loss {group}": loss for group, loss in line["loss"].items()}, **line["validation"]}
        text = "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())
        self._bar.print(f"epoch {line['epoch']:g}  step {line['step']}  {text}", highlight=False)

    def note(self, text: str) -> None:
        """Print it above the bar."""
        if self._lines:
            self._bar.print(text, highlight=False, markup=False)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.stop()
