"""Tables and lines for a terminal of 80 columns or more."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weftnet.architecture.signal import Signal
from weftnet.base.units import amount, duration
from weftnet.compete.competition import Competition
from weftnet.compete.halving import START, Stage
from weftnet.compete.jobs import LENGTHS, Outcome
from weftnet.data import Data
from weftnet.tasks import Candidate

#: seconds that a baseline takes, about, its evaluation included
_SOLVED = 3.0


def summary(
    console: Console, data: Data, task: str, candidates: Sequence[Candidate], plan: str, left_out: Mapping[str, str]
) -> None:
    """Print what was read, which candidates compete, for how long, and which don't fit into memory."""
    facts_of(console, data, task)
    console.print(f"\n[bold]{plan}[/bold]", highlight=False)
    shown = _grid()
    for candidate in candidates:
        why = left_out.get(candidate.name)
        text = ("baseline: " if candidate.baseline else "") + candidate.why
        shown.add_row(escape(candidate.name), f"[red]left out[/red]: {escape(why)}" if why else escape(text))
    console.print(shown, highlight=False)
    console.print()


def facts_of(console: Console, data: Data, task: str) -> None:
    """Print what was read: task, inputs, target, splits and notes."""
    console.print(f"[bold]{escape(data.name)}[/bold]", highlight=False)
    grid = _grid()
    grid.add_row("task", task)
    for name, signal in data.signals.items():
        grid.add_row("input", f"{escape(name)}: {_brief(signal)}")
    if data.target is not None:
        grid.add_row("target", escape(data.target.outline))
    grid.add_row("examples", ", ".join(f"{count} {split}" for split, count in data.sizes.items() if count))
    for note in data.notes:
        grid.add_row("note", escape(note))
    console.print(grid, highlight=False)


def board(console: Console, result: Competition) -> None:
    """Print the leaderboard, without columns that don't fit the terminal, and the reason for the choice."""
    others = tuple(reversed([score.name for score in result.scores[1:]]))
    drops = ("FLOPs", "latency", "training", "epochs", "steps", *others)
    for without in (drops[:count] for count in range(len(drops) + 1)):
        table = _leaderboard(result, without)
        if console.measure(table, options=console.options.update(width=1000)).maximum <= console.width:
            break
    console.print()
    console.print(table)
    console.print(escape(result.reason), highlight=False)
    for standing in result.standings[1:]:  # that of the first is in the reason
        if note := standing.trained.note:
            console.print(f"{escape(standing.name)} was {escape(note)}", style="dim", highlight=False)


def troubles(console: Console, folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Print the trainings that did not finish, with the reason and what to do."""
    for outcome in outcomes:
        if outcome.status == "failed":
            title = escape(f"{outcome.name} seed {outcome.seed}")
            console.print(f"[red]{title} failed[/red]: {escape(outcome.error)}", highlight=False)
    for name, error in {outcome.name: outcome.error for outcome in outcomes if outcome.status == "left out"}.items():
        console.print(f"[red]{escape(name)} left out[/red]: {escape(error)}", highlight=False, soft_wrap=True)
    for outcome in outcomes:
        if outcome.status == "stopped":
            text = f"stopped and kept; continue with: weftnet resume {folder / outcome.folder}"
            console.print(escape(text), highlight=False, soft_wrap=True)
    if skipped := sum(outcome.status == "skipped" for outcome in outcomes):
        console.print(f"{skipped} training{'s' * (skipped > 1)} not started", highlight=False)


def _leaderboard(result: Competition, without: Sequence[str]) -> Table:
    factor, digits, unit = result.score.scale
    several = any(standing.score.n > 1 for standing in result.standings)
    title = f"{escape(result.data)}: {result.score.name}{unit}"
    title += f", mean ± 95 % interval over {result.over}" if several else ""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("architecture", no_wrap=True)
    others = {score.name: score for score in result.scores[1:]}
    columns = ("validation", "test", *others, "params", "FLOPs", "steps", "epochs", "training", "latency")
    for name in columns:
        if name not in without:
            header = f"{escape(name)}{others[name].scale[2]}" if name in others else name
            table.add_column(header, justify="right", no_wrap=True)
    for standing in result.standings:
        steps, epochs = standing.length
        cells = {
            "validation": standing.score.text(factor, digits),
            "test": standing.test.text(factor, digits) if standing.test else "–",
            **{name: standing.text("validation", score) for name, score in others.items()},
            "params": amount(standing.parameters),
            "FLOPs": amount(standing.flops),
            "steps": steps,
            "epochs": epochs,
            "training": duration(standing.seconds),
            "latency": duration(standing.latency),
        }
        table.add_row(escape(standing.label), *(cells[name] for name in columns if name not in without))
    return table


def _grid() -> Table:
    """A table without borders: names on the left, wrapped text on the right."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column()
    grid.pad_edge = False
    return grid


def _brief(signal: Signal) -> str:
    properties = "".join(f", {name} {value}" for name, value in signal.known.items())
    return f"{signal.kind} {'×'.join(map(str, signal.sizes))}{properties}"


def following(folder: Path, best: Path) -> str:
    """The next commands to try; each takes the competition's folder and uses its best run."""
    place, drawn = shlex.quote(str(folder)), best / "samples"
    commands = [f"weftnet report {place}"]
    if not drawn.is_dir():  # a generative run answers no questions
        commands += [f"weftnet predict {place} FILE", f"weftnet serve {place}"]
    elif any(drawn.iterdir()):
        commands.append(f"weftnet sample {place}")
    return " · ".join(commands)


def plan_line(
    candidates: Sequence[Candidate], seeds: Sequence[int], recipe: Mapping[str, Any], count: int,
    total: float | None = None, folds: int = 0, left: float = 0.0,
) -> str:  # fmt: skip
    """A line about the trainings to come: 7 architectures, 30 s each, 2 at once: about 2 min; 4 baselines first.

    The time is that of everything: the start of processes, scores and the report too. Of a total time it is said how
    many seconds are left. Networks whose weights a solver finds take no time of their own.
    """
    networks = sum("solver" not in candidate.recipe for candidate in candidates)
    solved, trainings = len(candidates) - networks, networks * len(seeds) * max(1, folds)
    if solved and not networks and not any(candidate.baseline for candidate in candidates):
        return f"{solved} architecture{'s' * (solved > 1)}, solved for in closed form"
    phrases = [f"{networks} architecture{'s' * (networks != 1)}"]
    if len(seeds) > 1:
        phrases.append(f"{len(seeds)} seeds")
    if folds:
        phrases.append(f"{folds} folds")
    length = next((name for name in LENGTHS if recipe.get(name) is not None), None)
    if total is not None:
        phrases.append("successive halving")
    elif length:
        phrases.append((duration(recipe[length]) if length == "budget" else f"{recipe[length]:g} {length}") + " each")
    if count > 1:
        phrases.append(f"{count} at once")
    text = ", ".join(phrases)
    if total is not None:
        still = f"{duration(left)} of them left" if left > 0 else "and they are over: hardly anything is trained"
        text += f": {duration(total)} in all, {still}"
    elif length == "budget" and trainings > 1:
        trained = Stage(networks, range(len(seeds) * max(1, folds)), recipe[length]).seconds(count)
        trained += START * (count > 1)
        text += f": about {duration(trained + solved * len(seeds) / count * _SOLVED)}"
    what = f"baseline{'s' * (solved > 1)}" if any(candidate.baseline for candidate in candidates) else "in closed form"
    return text + (f"; {solved} {what} first" if solved else "")
