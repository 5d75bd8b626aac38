"""What a notebook shows of a competition: the data, a bar with loss and time left, then the leaderboard."""

import time
from collections.abc import Mapping, Sequence
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

from weftnet.base import html
from weftnet.base.scores import Score
from weftnet.base.units import duration
from weftnet.compete.competition import Competition
from weftnet.compete.jobs import Outcome
from weftnet.compete.planning import Plan
from weftnet.data import Data
from weftnet.library.shown import Shown
from weftnet.train.listeners._listener import Began, Listener, Step

#: seconds between two updates of the bar
_PAUSE = 0.5


class InNotebook(Shown):
    """A competition in a notebook, below the cell that started it."""

    tells_reasons = True

    def say(self, text: str) -> None:
        """Show a line."""
        _display(html.shown(html.line(text)))

    def planned(self, plan: Plan) -> None:
        """Show the data and what is trained."""
        entries = plan.entries
        names = ", ".join(each.name for each in entries.candidates if each.name not in plan.without)
        rows = [("task", str(entries.choice)), ("trained", names), ("folder", str(plan.folder))]
        rows += [("left out", f"{name}: {why}") for name, why in plan.without.items()]
        _display(html.shown(html.heading(entries.data.name), html.facts(rows)))

    def trainings(self, names: Sequence[str], score: Score) -> "Bar":
        """One bar for all of them."""
        return Bar(len(names), score)

    def ended(self, result: Competition, report: Path, data: Data) -> None:
        """Show why trainings did not finish; the leaderboard is that of the fit that is returned."""
        for outcome in result.outcomes:
            if outcome.error:
                self.say(f"{outcome.name} {outcome.status}: {outcome.error}")


class Bar:
    """The bar of some trainings, one after another or at once.

    Args:
        count: of trainings.
        score: that is shown.
    """

    def __init__(self, count: int, score: Score) -> None:
        self.count, self.score, self.lines = count, score, list[str]()
        self._running, self._shown = "", _display(html.shown(html.line("…")), live=True)

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._running = ""
        self.update()

    def done(self, outcome: Outcome) -> None:
        """A line for a training that ended."""
        text = outcome.status
        if self.score.name in outcome.validation:
            text = f"validation {self.score.name} {self.score.text(outcome.validation[self.score.name])}"
        self.lines.append(f"{outcome.name} seed {outcome.seed}: {text}, {duration(outcome.seconds)}")
        self._running = ""
        self.update()

    def training(self, title: str) -> "Running":
        """The bar of one training."""
        return Running(self, title)

    def run(self, text: str) -> None:
        """Show a training that runs, as HTML."""
        self._running = text
        self.update()

    def update(self) -> None:
        """Show it all anew."""
        head = html.line(f"{len(self.lines)} of {self.count} trainings") if self.count > 1 else ""
        self._shown.update(_Html(html.shown(head, *map(html.line, self.lines), self._running)))


class Running(Listener):
    """The listener that moves the bar.

    Args:
        bar: of all trainings.
        title: of this one.
    """

    def __init__(self, bar: Bar, title: str) -> None:
        self.bar, self.title, self.loss, self.told = bar, title, "", 0.0

    def start(self, start: Began) -> None:
        """Show the bar."""
        self._show(start.step, start.steps, None)

    def after_step(self, step: Step) -> None:
        """Move the bar, at most twice a second."""
        self.loss = ", ".join(f"{'loss' if len(step.losses) == 1 else name} {v:.4g}" for name, v in step.losses.items())
        now = time.monotonic()
        if now - self.told >= _PAUSE:
            self.told = now
            self._show(step.step, step.steps, step.seconds)

    def after_evaluation(self, line: Mapping[str, Any]) -> None:
        """Show the score."""
        score = self.bar.score
        if score.name in line["validation"]:
            self.score = f"validation {score.name} {score.text(line['validation'][score.name])}"

    score = ""

    def _show(self, step: int, steps: int, seconds: float | None) -> None:
        left = ""
        if seconds and step and steps > step:
            left = f"{duration(seconds * (steps - step) / step)} left"
        texts = [self.title, f"step {step}" + (f" of {steps}" if steps else ""), self.loss, self.score, left]
        bar = f"<progress value={step} max={max(steps, step, 1)}></progress> "
        self.bar.run(f"<p>{bar}{escape(' · '.join(filter(None, texts)))}</p>")


class _Html:
    """A piece of HTML that displays as itself."""

    def __init__(self, text: str) -> None:
        self.text = text

    def _repr_html_(self) -> str:
        return self.text


def _display(text: str, live: bool = False) -> Any:
    """Show HTML below the cell; a live one returns what updates it."""
    shown: Any = import_module("IPython.display")  # a notebook has imported it
    return shown.display(_Html(text), display_id=live or None)
