"""`check`, `draw`, `calibrate`: an architecture before it is trained."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from weftnet.architecture.reading import read
from weftnet.architecture.signal import Signal, parse
from weftnet.base.units import amount, duration
from weftnet.cli._output import Output
from weftnet.errors import ArchitectureError, SettingError, WeftnetError
from weftnet.library.checking import asked
from weftnet.library.drawing import drawing_of
from weftnet.zoo._named import architecture_of, is_file

if TYPE_CHECKING:
    from weftnet.cost.check import Report
    from weftnet.cost.communication import Together


def signals_of(texts: Sequence[str]) -> dict[str, Signal]:
    """`image:1x28x28` or `name=tokens:64,vocabulary=100` by name; a bare signal is called by its kind."""
    signals = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        named = bool(equals) and ":" not in name
        signal = parse(rest if named else text)
        signals[name if named else signal.kind] = signal
    return signals


def check_command(
    arch: str, *, inputs: Sequence[str], data: str | None, options: Mapping[str, Any], task: str | None, fix: bool,
    output: Output, with_times: bool, figures: Mapping[str, Any], start: Mapping[str, Any] | None = None,
    documents: list[dict[str, Any]] | None = None,
) -> bool:  # fmt: skip
    """Print the report of an architecture; True if it has no fault.

    What needs no measurement is printed first, so that it is there while steps are timed, and stays if that is stopped.

    `options` are those of the data: target, kinds, …; `figures` are arguments of `check`: batch, examples, memory,
    together. `start` is a run to start from, and what is frozen or adapted then. `documents` gets the report as
    data, in place of a print.

    Raises:
        SettingError: a start without data, whose task gives the head.
    """
    from weftnet.compose.fix import fix as fix_file
    from weftnet.cost import check, rendering

    console = output.console()
    known = asked(arch, signals_of(inputs), data, options, task)
    if known.choice is not None and known.choice.others:
        Console(stderr=True).print(f"task    {known.choice}", highlight=False, markup=False, soft_wrap=True)
    figures = {**figures, "examples": figures["examples"] or known.examples}
    architecture, faults = known.architecture, known.faults
    if start is not None:
        if data is None:
            how = "name the data that it will be trained on"
            raise SettingError("a start needs data, whose task gives the head", where="--start", fix=how)
        from weftnet.compete.starting import start_from
        from weftnet.train.forecast import tuned

        figures = {**figures, "tuning": partial(tuned, start_from(start))}
    if fix:
        if not is_file(arch):
            raise SettingError("only a file can be fixed", got=arch)
        for line in fix_file(arch, known.signals):
            console.print(f"[green]fixed[/green] {line}", highlight=False)
        architecture, faults = read(arch)
    if architecture is None:
        raise ArchitectureError(faults, where=arch)
    report = check.check(architecture, known.signals, task=known.task, faults=faults, **figures)
    console.print(rendering.costs(report))
    console.file.flush()  # a pipe has it at once too
    try:
        if with_times and not report.faults:
            report = _timed(report)
            console.print(rendering.times(report))
    finally:  # a document is whole or absent, so it waits for the times; if they are stopped it comes without
        if documents is not None:
            documents.append(report.data())
        else:
            output.end(report.data())
    return not report.faults


def check_several(archs: Sequence[str], check: Callable[..., bool], output: Output) -> bool:
    """Check one after another, also where one can't be read; True if none has a fault.

    Args:
        archs: files, or names of the zoo.
        check: of one of them, as `check_command`.
        output: what is printed; one document of all, by name.
    """
    console, documents, sound = output.console(), dict[str, Any](), True
    for arch in archs:
        told: list[dict[str, Any]] = []
        console.print(f"[bold]{escape(arch)}[/bold]", highlight=False)
        try:
            sound = check(arch, output=output, documents=told) and sound
            documents[arch] = told[0] if told else {}
        except WeftnetError as error:
            sound, documents[arch] = False, {"error": str(error)}
            console.print(f"[red]{escape(str(error))}[/red]", highlight=False)
    output.end(documents)
    return sound


def _timed(report: "Report") -> "Report":
    """The report with times; meanwhile a terminal shows a bar, and any other output a line, both on stderr."""
    from weftnet.cost.step_time import BUDGET
    from weftnet.cost.timing import timed

    console = Console(stderr=True)
    text = "timing training steps"
    if not console.is_terminal:
        bound = f"about {BUDGET:.0f} s at most; --no-time leaves times out"
        console.print(f"{text}, {bound}", highlight=False, soft_wrap=True)
        return timed(report)
    columns = TextColumn("{task.description}"), BarColumn(bar_width=20), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as bar:
        steps = bar.add_task(text, total=1.0)
        return timed(report, progress=lambda share: bar.update(steps, completed=share))


def together_of(workers: int | None, shard: bool, bandwidth: str | None) -> "Together | None":
    """The workers that were asked for.

    Raises:
        SettingError: there are none to share or to send, or no such bandwidth.
    """
    if workers is None:
        if shard or bandwidth is not None:
            raise SettingError("the number of workers is missing", where="--shard, --bandwidth", fix="add --workers N")
        return None
    from weftnet.cost.communication import Together, bandwidth_of

    return Together(workers, shard, None if bandwidth is None else bandwidth_of(bandwidth))


def draw_command(arch: str, inputs: Sequence[str], out: Path | None, whole: bool, output: Output) -> None:
    """Write the drawing, and print the paths written."""
    drawing = drawing_of(architecture_of(arch), signals_of(inputs))
    targets = [out] if out else [Path(f"{Path(arch).stem}.svg"), Path(f"{Path(arch).stem}.mmd")]
    paths = [path for target in targets for path in drawing.save(target, whole)]
    output.say(*map(str, paths))
    output.end({"files": paths}, *paths)


def calibrate_command(output: Output) -> None:
    """Measure the machine's roofline, keep it and print it."""
    from weftnet.cost.kernel_call import COMPUTING
    from weftnet.cost.microbenchmarks import roofline
    from weftnet.cost.roofline import cache_path

    console = output.console()
    measured, note = roofline(anew=True)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("kernel", "pass", "rate, by the size of a call"):
        table.add_column(name)
    for name, rates in measured.rates.items():
        for kind, pairs in rates.items():
            unit = "FLOP" if kind in COMPUTING else "B"
            points = (f"{amount(rate)}{unit}/s at {amount(size)}{unit}" for size, rate in pairs)
            table.add_row(kind.replace("_", " "), name, ", ".join(points))
    console.print(table)
    calls = ", ".join(f"{name} {duration(seconds)}" for name, seconds in measured.overhead.items())
    console.print(str(measured.machine), highlight=False)
    console.print(f"besides, a kernel call takes {calls}; a block {duration(measured.block)}", highlight=False)
    kept = None if note else cache_path(measured.machine)
    output.say(note or f"kept in {kept}")
    output.end({
        "machine": str(measured.machine), "rates": measured.rates, "overhead": measured.overhead,
        "block": measured.block, "kept": kept, "note": note,
    }, kept)  # fmt: skip
