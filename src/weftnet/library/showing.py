"""What Python shows of a competition: a live bar in a notebook, lines and bars on a terminal, nothing elsewhere."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from weftnet.base.scores import Score
from weftnet.compete.competition import Competition
from weftnet.compete.planning import Plan
from weftnet.data import Data
from weftnet.library.progress import Trainings
from weftnet.library.shown import Shown

if TYPE_CHECKING:
    from rich.console import Console


def shown_here() -> Shown:
    """What suits the place that this program runs in."""
    if in_notebook():
        from weftnet.library.live import InNotebook

        return InNotebook()
    if sys.stderr.isatty():
        from rich.console import Console

        return OnConsole(Console(stderr=True))
    return Shown()


def in_notebook() -> bool:
    """Whether a notebook shows what is displayed; IPython is not imported for that."""
    shell = sys.modules.get("IPython")
    here = shell.get_ipython() if shell is not None else None
    return here is not None and hasattr(here, "kernel")


class OnConsole(Shown):
    """The progress alone, on a terminal.

    Args:
        console: to print on.
    """

    def __init__(self, console: "Console") -> None:
        self.console = console

    def say(self, text: str) -> None:
        """Print a line."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def planned(self, plan: Plan) -> None:
        """Print how many networks are trained, for which task."""
        names = ", ".join(each.name for each in plan.entries.candidates)
        self.say(f"{plan.entries.data.name}: {plan.entries.choice}: {names}")

    def trainings(self, names: Sequence[str], score: Score) -> Trainings:
        """A bar of them, and a line for each."""
        return Trainings(self.console, len(names), score, max(map(len, names)))

    def ended(self, result: Competition, report: Path, data: Data) -> None:
        """Print why the best is the best, and where it lies."""
        self.say(f"{result.reason}\n{result.folder}")
