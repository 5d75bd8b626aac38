"""`plan`: the execution plans of a run, for its training and its answers, and the measurements behind them."""

from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from weftnet.base.units import duration
from weftnet.cli._output import Output
from weftnet.compete.competition import best_run
from weftnet.errors import RunError
from weftnet.execution.plan import Plan
from weftnet.execution.planned import TriedPlan
from weftnet.run.folder import Run


def plan_command(folder: Path, output: Output) -> None:
    """Print the plans and tables of the plans that were tried.

    Raises:
        RunError: the run has no plan yet.
        DamagedCheckpoint: the record of its plans can't be read.
    """
    run = Run.open(best_run(folder))
    training, answers = run.facts.plan, run.facts.answers
    if training is None:
        raise RunError("has no plan", where=str(run.folder), got=f"the run's status is {run.status!r}")
    output.end(training.to_dict() | ({} if answers is None else {"answers": answers.to_dict()}), training.plan)
    if not output.talks:
        return
    console = output.console()
    _show(console, training.plan, training.source, training.tried, "a step")
    if training.tried:
        console.print(f"measured in {duration(training.seconds)}, in turns", highlight=False)
    if answers is None:
        return
    for each in answers.sizes:
        console.print(f"\nanswers, batch {each.batch}", highlight=False)
        _show(console, each.plan or Plan(), each.source, each.tried, "a pass")
    if any(each.tried for each in answers.sizes):
        threads = f"{answers.threads} thread{'s' * (answers.threads > 1)}"
        console.print(f"measured in {duration(answers.seconds)}, in turns, on {threads}", highlight=False)


def _show(console: Console, plan: Plan, source: str, tried: Sequence[TriedPlan], what: str) -> None:
    """Print a plan, its origin, and a table of the plans that were tried."""
    console.print(f"[bold]{plan}[/bold] – {source}", highlight=False)
    if not tried:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("plan", what, "faster than eager", "difference"):
        table.add_column(name, justify="left" if name == "plan" else "right")
    table.add_column("verdict")
    for each in tried:
        table.add_row(
            str(each.plan),
            "" if each.seconds is None else duration(each.seconds),
            "" if each.ratio is None else f"{each.ratio:.2f} ×",
            "" if each.difference is None else f"{each.difference:.1e}",
            each.verdict,
        )
    console.print(table)
