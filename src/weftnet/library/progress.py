"""What a terminal shows while networks train: how many are finished, and the progress of each."""

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from weftnet.base.scores import Score
from weftnet.base.units import duration
from weftnet.compete.jobs import Outcome
from weftnet.train.listeners._listener import Began, Listener, Step
from weftnet.train.result import TrainingResult

#: Seconds between two lines of one training.
_PAUSE = 1.0
#: Redraws of the bar in a second; each costs the training about half a millisecond.
_REFRESH = 2


class Trainings:
    """A bar of the finished trainings, and a line for each; without a terminal only the lines.

    Args:
        console: to print on.
        count: of trainings.
        score: to show.
        width: of the longest name.
    """

    def __init__(self, console: Console, count: int, score: Score, width: int = 0) -> None:
        self.console, self.count, self.metric, self.width, self.finished = console, count, score, width, 0
        left = TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn()
        right = TextColumn("{task.fields[text]}"), TimeElapsedColumn(), TimeRemainingColumn()
        self.bar = Progress(
            *left, *right, console=console, transient=True, disable=not console.is_terminal, refresh_per_second=_REFRESH
        )
        self.all = self.bar.add_task("trainings", total=count, text="", visible=count > 1)

    def __enter__(self) -> "Trainings":
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def done(self, outcome: Outcome) -> None:
        """Print the outcome of a training."""
        self.finished += 1
        self.bar.update(self.all, completed=self.finished)
        if outcome.status == "skipped":
            return
        text = outcome.status
        if outcome.error:
            text = f"[red]{outcome.status}[/red]: {escape(outcome.error.splitlines()[0])}"
        elif self.metric.name in outcome.validation:
            text = f"{self.score(outcome.validation)}  {duration(outcome.seconds)}"
        name = escape(f"{outcome.name:{self.width}}")
        number = f"{self.finished:{len(str(self.count))}}/{self.count}"
        self.console.print(f"  {number}  {name}  seed {outcome.seed}  {text}", highlight=False)

    def score(self, metrics: Mapping[str, float]) -> str:
        """validation accuracy 98.70 %."""
        return f"validation {self.metric.name} {self.metric.text(metrics[self.metric.name])}"

    def training(self, title: str) -> "Training":
        """The display of one training's progress."""
        return Training(self, title, lines=self.count == 1)


class Training(Listener):
    """The listener of a terminal: a bar with rate and time left, and occasional lines with the score.

    Args:
        board: the display that its bar belongs to.
        title: of its bar.
        lines: whether scores are printed; with several trainings they would bury the results.
    """

    def __init__(self, board: Trainings, title: str, lines: bool) -> None:
        self.board, self.lines, self.printed, self.steps = board, lines, 0.0, 0
        self.task = board.bar.add_task(title, total=None, text="")

    def start(self, start: Began) -> None:
        """Show the bar."""
        self.steps = start.steps
        self.board.bar.update(self.task, completed=start.step, total=start.steps)

    def after_step(self, step: Step) -> None:
        """Move the bar, to an end that a budget may have moved."""
        self.steps = step.steps or self.steps
        text = f"{step.rate:,.0f} examples/s"
        self.board.bar.update(self.task, completed=step.step, total=self.steps, text=text)

    def after_evaluation(self, line: Mapping[str, Any]) -> None:
        """Print loss and score, at most once a second, and always after the last step."""
        now = time.monotonic()
        if not self.lines or (now - self.printed < _PAUSE and line["step"] < self.steps):
            return
        self.printed = now
        losses = line["loss"]
        names = {group: "loss" if len(losses) == 1 else f"{group} loss" for group in losses}
        parts = [f"{names[group]} {loss:.4g}" for group, loss in losses.items()]
        if self.board.metric.name in line["validation"]:
            parts.append(self.board.score(line["validation"]))
        text = f"  epoch {line['epoch']:7.2f}  step {line['step']:>{len(str(self.steps))}}  {'  '.join(parts)}"
        self.board.console.print(text, highlight=False)

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        if self.lines:
            self.board.console.print(f"  {escape(text)}", highlight=False, soft_wrap=True)

    def end(self, result: TrainingResult) -> None:
        """Remove the bar, and print how it ended."""
        self.board.bar.remove_task(self.task)
        if result.status != "failed":
            self.note(result.message)
