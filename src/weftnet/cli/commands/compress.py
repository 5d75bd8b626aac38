"""`compress`: the methods tried, what each costs, which results are kept."""

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from weftnet.base.scores import Score
from weftnet.base.units import duration, size
from weftnet.cli._output import PEOPLE, Output
from weftnet.compete import competition as compete
from weftnet.compress.contract import Compression, Row
from weftnet.compress.measure import Timing
from weftnet.data import Data, open_data
from weftnet.errors import DataError
from weftnet.library.compressing import compressed
from weftnet.run.loading import Loaded, load

_COLOURS = {"kept": "green", "refused": "red", "not applicable": "dim", "dominated": "dim", "baseline": ""}


@dataclass(frozen=True)
class CompressOptions:
    """The options of the command line.

    Args:
        data: where the run's data are now; None for where they were.
        max_drop: how much the score may drop.
        target_latency: in seconds.
        methods: names; () for all.
        budget: seconds of training.
        out: the folder; None for one inside the run's.
        replace: whether an earlier compression in the folder is deleted.
        seed: of everything random.
        arch: a student for methods that train one; None for none.
    """

    data: str | None = None
    max_drop: float = 0.5
    target_latency: float | None = None
    methods: tuple[str, ...] = ()
    budget: float = 60.0
    out: Path | None = None
    replace: bool = False
    seed: int = 0
    arch: str | None = None


def compress_command(folder: Path, options: CompressOptions, output: Output = PEOPLE) -> Compression:
    """Compress a run, print the table and the chosen run."""
    console = output.console()
    loaded = load(compete.best_run(folder))
    goal = {"max_drop": options.max_drop, "target_latency": options.target_latency}
    how = (options.methods, options.budget, options.seed, options.arch)
    out = options.out or loaded.run.folder / "compressed"
    data = _data(loaded, options.data)
    with console.status("starting") as status:
        result = compressed(loaded, data, out, goal, how, options.replace, lambda what: status.update(what)).result
    if result.aside is not None:
        console.print(
            f"moved aside what is not weftnet's: {result.aside}", highlight=False, markup=False, soft_wrap=True
        )
    console.print(_table(result))
    notes = [f"drop at most {options.max_drop:g} on {data.sizes['validation']} validation examples"]
    notes += [f"test: {data.sizes['test']} examples, reported only"] if data.sizes.get("test") else []
    console.print("; ".join([*notes, "time: one example on one thread"]), style="dim", highlight=False)
    for row in result.rows:
        if row.reason:
            console.print(f"{row.name}: {row.reason}", style="dim", highlight=False, markup=False)
    console.print(f"\n{result.why}", highlight=False, markup=False)
    if result.chosen is not None:
        output.say(f"chosen  {out / result.chosen}")
    output.end({**result.document(), "folder": out}, None if result.chosen is None else out / result.chosen)
    return result


def _data(loaded: Loaded, source: str | None) -> Data:
    """The run's data.

    Raises:
        DataError: the data are not available.
    """
    state = loaded.run.json("data.json")
    try:
        return open_data(state.get("source", "") if source is None else source, state=state)
    except DataError as error:
        if source is None:
            error.fix = "compressing needs the data that the run was trained on: name their place with --data"
        raise


def _table(result: Compression) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("run", overflow="fold")
    for name in ("size", "time", "faster", result.score.name, "drop", "test"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in result.rows:
        cells = [""] * 6 if row.timing is None else _cells(row, row.timing, result.score)
        table.add_row(row.name, *cells, row.verdict, style=_COLOURS[row.verdict])
    return table


def _cells(row: Row, time: Timing, score: Score) -> list[str]:
    return [
        size(row.bytes),
        duration(time.latency),
        f"{time.speedup:.2f} ×",
        score.text(row.score),
        f"{row.drop:.2f}",
        "" if row.test is None else score.text(row.test),
    ]
