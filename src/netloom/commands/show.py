"""Tables and lines for a terminal."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from netloom.compete import Competition, Outcome
from netloom.data import Data
from netloom.propose import Candidate
from netloom.units import amount, duration


def scale_of(metric: str) -> tuple[float, int, str]:
    """Factor, digits and unit in which a metric is printed; shares are printed in per cent."""
    shares = ("accuracy", "balanced_accuracy", "macro_f1", "auroc")
    return (100.0, 2, " %") if metric in shares else (1.0, 4, "")


def summary(console: Console, data: Data, task: str, candidates: Sequence[Candidate]) -> None:
    """What was read and who competes."""
    signals = ", ".join(f"{name}: {signal}" for name, signal in data.signals.items())
    sizes = ", ".join(f"{split} {count}" for split, count in data.sizes.items() if count)
    console.print(f"[bold]{data.name}[/bold]  {task}; {signals}; {sizes}", highlight=False)
    for note in data.notes:
        console.print(f"  note: {note}", highlight=False)
    for candidate in candidates:
        console.print(f"  {candidate.name}: {candidate.why}", highlight=False)


def board(console: Console, result: Competition) -> None:
    """The leaderboard and the reason of the choice."""
    factor, digits, unit = scale_of(result.metric)
    title = f"{result.data}: {result.metric}{unit}, mean ± 95 % interval over seeds"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("architecture", no_wrap=True)
    for name in ("validation", "test", "parameters", "FLOPs", "training", "latency"):
        table.add_column(name, justify="right", no_wrap=True)
    for standing in result.standings:
        test = standing.test.text(factor, digits) if standing.test else "–"
        table.add_row(
            standing.name, standing.score.text(factor, digits), test, amount(standing.parameters),
            amount(standing.flops), duration(standing.seconds), duration(standing.latency),
        )  # fmt: skip
    console.print(table)
    console.print(result.reason, highlight=False)


def failures(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Trainings that came to nothing, with the reason."""
    for outcome in outcomes:
        if outcome.status == "failed":
            console.print(f"[red]{outcome.name} seed {outcome.seed} failed[/red]: {outcome.error}", highlight=False)
        elif outcome.status == "stopped":
            console.print(f"{outcome.folder} was stopped; netloom resume {outcome.folder} goes on", highlight=False)
