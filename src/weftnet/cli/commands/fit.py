"""`fit`: one network, or a competition of several."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from weftnet.base.scores import Score
from weftnet.cli._output import PEOPLE, Output
from weftnet.cli.commands.show import board, following, plan_line, summary, troubles
from weftnet.compete.competition import Competition
from weftnet.compete.entering import FitOptions
from weftnet.compete.planning import Plan
from weftnet.data import Data
from weftnet.library.competing import compete
from weftnet.library.progress import Trainings
from weftnet.library.shown import Shown
from weftnet.run.folder import Run
from weftnet.train.worker import own_device


def fit_command(options: FitOptions, output: Output = PEOPLE) -> Competition | None:
    """Take the named architectures or propose some, check and train each, print the leaderboard, keep the best run.

    Of several workers all train; only the first does the rest, and the others return None.

    Args:
        options: of the command line.
        output: what is printed.

    Raises:
        KeyboardInterrupt: Ctrl-C stopped a training; finished trainings are printed and kept.
    """
    own_device()  # one that is not there is refused before anything is trained
    ended = compete(options, OnTerminal(output.console()) if output.talks else Shown())
    result = None if ended is None else ended[0]
    if result is not None:
        output.end({**result.document(), "folder": result.folder}, result.best)
    return result


class OnTerminal(Shown):
    """A competition on a terminal.

    Args:
        console: to print on.
    """

    tells_reasons = True

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, text: str) -> None:
        """Print a line."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def planned(self, plan: Plan) -> None:
        """Print the data, the candidates, and how long it will take."""
        entries, options = plan.entries, plan.options
        recipe, left = entries.terms.recipe, plan.clock.left
        line = plan_line(entries.candidates, options.seeds, recipe, plan.at_once, options.total, options.folds, left)
        summary(self.console, entries.data, str(entries.choice), entries.candidates, line, plan.without)

    def trainings(self, names: Sequence[str], score: Score) -> Trainings:
        """A bar of them, and a line for each."""
        return Trainings(self.console, len(names), score, max(map(len, names)))

    def ended(self, result: Competition, report: Path, data: Data) -> None:
        """Print the leaderboard, what did not finish, and what can be done next."""
        console = self.console
        if result.best is not None:
            board(console, result)
        troubles(console, result.folder, result.outcomes)
        if result.best is not None:
            text = f"\nbest    {result.best}\nreport  {report}"
            if (waiting := Run.open(result.best).waiting) is not None:
                text += f"\nwaited  {waiting:.1%} of its training for data"
            self.say(text)
            following_ = f"next    {following(result.folder, result.best)}"
            console.print(following_, style="dim", highlight=False, markup=False, soft_wrap=True)
